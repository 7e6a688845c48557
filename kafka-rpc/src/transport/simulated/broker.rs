//! What the broker knows, and what is under way to and from it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

use super::coordinator::Group;
use super::faults::Faults;
use super::log::Topics;
use crate::simulation::{Chance, Process};
use crate::transport::{Failure, TransportError};

/// How often the broker looks for members that are silent.
const LOOK: Duration = Duration::from_millis(100);
/// How soon a client tries again that does not reach the broker.
pub(super) const RETRY: Duration = Duration::from_millis(50);

/// What happens at a later time, while the broker is locked.
pub(super) type Event = Box<dyn FnOnce(&mut State) + Send>;

/// The broker of a simulation, and the network around it.
pub(super) struct Broker {
    state: Mutex<State>,
    /// Wakes the task in which events happen, when one is earlier than all before.
    earlier: Notify,
    task: Mutex<Option<AbortHandle>>,
}

pub(super) struct State {
    pub(super) chance: Chance,
    pub(super) faults: Faults,
    pub(super) topics: Topics,
    pub(super) groups: BTreeMap<String, Group>,
    pub(super) open: Open,
    /// Nobody reaches the broker before.
    down_until: Instant,
    /// By their times, and in the order in which they were planned.
    events: BTreeMap<(Instant, u64), Event>,
    planned: u64,
    /// The earliest event is new.
    hurry: bool,
}

/// What clients have open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// Producers that have not been closed and told the fates of all records.
    pub producers: usize,
    /// Readers of single partitions.
    pub inboxes: usize,
    /// Members of groups, from when they begin to join until they have left.
    pub members: usize,
}

impl Broker {
    pub(super) fn start(chance: Chance, faults: Faults) -> Arc<Self> {
        let broker = Arc::new(Self {
            state: Mutex::new(State {
                chance,
                faults,
                topics: Topics::default(),
                groups: BTreeMap::new(),
                open: Open::default(),
                down_until: Instant::now(),
                events: BTreeMap::new(),
                planned: 0,
                hurry: false,
            }),
            earlier: Notify::new(),
            task: Mutex::default(),
        });
        broker.with(|state| state.after(LOOK, Box::new(look)));
        let task = tokio::spawn(live(Arc::clone(&broker)));
        *broker.task.lock() = Some(task.abort_handle());
        broker
    }

    /// Does something at the broker.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock();
        let done = work(&mut state);
        if std::mem::take(&mut state.hurry) {
            self.earlier.notify_one();
        }
        done
    }

    /// Waits until a request of the process is at the broker.
    pub(super) async fn reach(
        &self,
        process: Option<&Process>,
        limit: Duration,
    ) -> Result<(), TransportError> {
        let until = Instant::now() + limit;
        loop {
            let delay = self.with(State::delay);
            tokio::time::sleep(delay).await;
            if self.with(|state| state.is_reached(process)) {
                return Ok(());
            }
            if Instant::now() + RETRY > until {
                let message = "the broker can't be reached";
                return Err(TransportError::new(Failure::Unreachable, message));
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    /// No more events happen, and what is under way is forgotten.
    pub(super) fn stop(&self) {
        if let Some(task) = self.task.lock().take() {
            task.abort();
        }
        let events = std::mem::take(&mut self.state.lock().events);
        drop(events);
    }

    fn due(&self) -> (MutexGuard<'_, State>, Option<Event>) {
        let mut state = self.state.lock();
        let due = state.events.first_entry();
        let due = due.filter(|event| event.key().0 <= Instant::now());
        let event = due.map(|event| event.remove());
        (state, event)
    }
}

async fn live(broker: Arc<Broker>) {
    loop {
        loop {
            let (mut state, event) = broker.due();
            match event {
                Some(event) => event(&mut state),
                None => {
                    state.hurry = false;
                    break;
                }
            }
        }
        let next = {
            let state = broker.state.lock();
            state.events.first_key_value().map(|((at, _), _)| *at)
        };
        match next {
            None => broker.earlier.notified().await,
            Some(next) => tokio::select! {
                biased;
                () = broker.earlier.notified() => {}
                () = sleep_until(next) => {}
            },
        }
    }
}

/// Expels members of groups that are silent, every now and then.
fn look(state: &mut State) {
    let State { groups, chance, .. } = state;
    if state.down_until <= Instant::now() {
        let mut told = Vec::new();
        for group in groups.values_mut() {
            told.extend(group.expel(&state.topics, &state.faults, chance));
        }
        state.tell(told);
    }
    state.after(LOOK, Box::new(look));
}

impl State {
    /// Has something happen after a time.
    pub(super) fn after(&mut self, delay: Duration, event: Event) {
        self.at(Instant::now() + delay, event);
    }

    pub(super) fn at(&mut self, at: Instant, event: Event) {
        let first = self.events.first_key_value();
        self.hurry |= first.is_none_or(|((first, _), _)| at < *first);
        self.planned += 1;
        self.events.insert((at, self.planned), event);
    }

    /// How long something is on its way.
    pub(super) fn delay(&mut self) -> Duration {
        let Faults {
            usual_delay,
            slow,
            slow_delay,
            ..
        } = self.faults;
        match self.chance.permille(slow) {
            true => self.chance.millis(0..slow_delay + 1),
            false => self.chance.millis(0..usual_delay + 1),
        }
    }

    /// Whether the process and the broker reach each other.
    pub(super) fn is_reached(&self, process: Option<&Process>) -> bool {
        self.down_until <= Instant::now() && process.is_none_or(|process| !process.is_cut())
    }

    /// The broker is away for a time. What it has acknowledged it still has.
    pub(super) fn restart(&mut self, away: Duration) {
        let back = Instant::now() + away;
        self.down_until = back;
        for group in self.groups.values_mut() {
            // Its coordinator gives the members all of their time again.
            group.is_loaded(back);
        }
    }
}

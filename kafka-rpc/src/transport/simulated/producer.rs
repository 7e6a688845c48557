use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::broker::{Broker, RETRY, State};
use crate::outside;
use crate::simulation::{Process, current};
use crate::transport::{
    Deliveries, Delivery, Failure, Outgoing, PartitionRef, Producer, TransportError, Undelivered,
    Writes,
};

/// How late an acknowledgement may be at most, in milliseconds.
const LATE: u64 = 1_500;

/// Sends records, to each partition one after the other. Those that are queued when the producer is
/// dropped are written still, but not where its process is killed.
pub(super) struct SimulatedProducer {
    broker: Arc<Broker>,
    shared: Arc<Shared>,
}

struct Shared {
    process: Option<Process>,
    writes: Writes,
    lanes: Mutex<Lanes>,
    told: Notify,
}

#[derive(Default)]
struct Lanes {
    /// What is to be written to each partition.
    queues: BTreeMap<(Arc<str>, i32), VecDeque<Queued>>,
    /// What the owner is to be told.
    fates: Vec<Delivery>,
    /// Records whose fate the owner has not been told.
    outstanding: usize,
    turn: u32,
    closed: bool,
}

struct Queued {
    record: Outgoing,
    token: Option<u128>,
    due: Instant,
    expires: Instant,
}

impl SimulatedProducer {
    pub(super) fn open(
        broker: &Arc<Broker>,
        writes: Writes,
        deliveries: Arc<dyn Deliveries>,
    ) -> Self {
        let shared = Arc::new(Shared {
            process: current(),
            writes,
            lanes: Mutex::default(),
            told: Notify::new(),
        });
        broker.with(|state| state.open.producers += 1);
        let opened = Opened(Arc::clone(broker));
        outside::spawn(tell(opened, Arc::clone(&shared), deliveries));
        Self {
            broker: Arc::clone(broker),
            shared,
        }
    }
}

/// Counts as open until it is dropped.
struct Opened(Arc<Broker>);

impl Drop for Opened {
    fn drop(&mut self) {
        self.0.with(|state| state.open.producers -= 1);
    }
}

/// Tells the owner the fates of records, until the producer is closed and nothing is under way.
async fn tell(_opened: Opened, shared: Arc<Shared>, deliveries: Arc<dyn Deliveries>) {
    loop {
        let (mut fates, over) = {
            let mut lanes = shared.lanes.lock();
            let over = lanes.closed && lanes.outstanding == 0;
            (std::mem::take(&mut lanes.fates), over)
        };
        if !fates.is_empty() {
            deliveries.delivered(&mut fates);
        } else if over {
            return;
        } else {
            shared.told.notified().await;
        }
    }
}

impl Shared {
    fn is_killed(&self) -> bool {
        self.process.as_ref().is_some_and(Process::is_killed)
    }

    /// The broker has done with a record.
    fn end(self: &Arc<Self>, state: &mut State, delay: Duration, delivery: Delivery) {
        let shared = Arc::clone(self);
        let told = move |_: &mut State| {
            let mut lanes = shared.lanes.lock();
            lanes.outstanding -= 1;
            let wanted = delivery.token.is_some() && shared.writes != Writes::Requests;
            if wanted || delivery.outcome.is_err() {
                lanes.fates.push(delivery);
            }
            shared.told.notify_one();
        };
        state.after(delay, Box::new(told));
    }

    fn plan(self: &Arc<Self>, state: &mut State, at: Instant, lane: PartitionRef) {
        let shared = Arc::clone(self);
        state.at(at, Box::new(move |state| shared.write(state, lane)));
    }

    /// What is due at a partition is written.
    fn write(self: &Arc<Self>, state: &mut State, lane: PartitionRef) {
        let now = Instant::now();
        let key = (Arc::clone(&lane.topic), lane.partition);
        let reached = state.is_reached(self.process.as_ref());
        loop {
            let mut lanes = self.lanes.lock();
            let Some(queue) = lanes.queues.get_mut(&key) else {
                return;
            };
            let Some(first) = queue.front() else {
                lanes.queues.remove(&key);
                return;
            };
            if self.is_killed() && state.chance.permille(500) {
                // It had not left when the process ended, nor has what is behind it.
                lanes.queues.remove(&key);
                return;
            }
            if first.due > now {
                let due = first.due;
                drop(lanes);
                return self.plan(state, due, lane);
            }
            if !reached && first.expires > now {
                drop(lanes);
                return self.plan(state, now + RETRY, lane);
            }
            let Some(queued) = queue.pop_front() else {
                return;
            };
            drop(lanes);
            if reached {
                self.arrive(state, &lane, queued);
            } else {
                // Whether it has been sent before the connection broke is not always known.
                let surely = state.chance.permille(500);
                self.fail(state, queued, surely);
            }
        }
    }

    fn fail(self: &Arc<Self>, state: &mut State, queued: Queued, unwritten: bool) {
        let error = TransportError::new(Failure::Unreachable, "the broker did not answer");
        let error = match unwritten {
            true => error.unwritten(),
            false => error,
        };
        let delay = state.delay();
        let delivery = Delivery {
            token: queued.token,
            outcome: Err(Box::new(Undelivered {
                record: queued.record,
                error,
            })),
        };
        self.end(state, delay, delivery);
    }

    /// A record is at the broker, or gets lost on its last step.
    fn arrive(self: &Arc<Self>, state: &mut State, lane: &PartitionRef, queued: Queued) {
        let faults = state.faults;
        if state.chance.permille(faults.unwritten) {
            return self.fail(state, queued, true);
        }
        if state.chance.permille(faults.lost) {
            return self.fail(state, queued, false);
        }
        state.topics.append(lane, queued.record.clone());
        if self.writes == Writes::Replies && state.chance.permille(faults.duplicates) {
            let (again, lane) = (queued.record.clone(), lane.clone());
            let delay = state.chance.millis(0..LATE);
            let append = move |state: &mut State| state.topics.append(&lane, again);
            state.after(delay, Box::new(append));
        }
        if state.chance.permille(faults.unacknowledged) {
            return self.fail(state, queued, false);
        }
        let delay = match state.chance.permille(faults.slow) {
            true => state.chance.millis(0..LATE),
            false => state.delay(),
        };
        let delivery = Delivery {
            token: queued.token,
            outcome: Ok(()),
        };
        self.end(state, delay, delivery);
    }
}

impl Producer for SimulatedProducer {
    fn send(&self, record: Outgoing, token: Option<u128>) -> Result<(), Box<Undelivered>> {
        let shared = &self.shared;
        if shared.is_killed() {
            return Ok(());
        }
        self.broker.with(|state| {
            let refused = |record, failure, message: &str| {
                let error = TransportError::new(failure, message).unwritten();
                Err(Box::new(Undelivered { record, error }))
            };
            if state.chance.permille(state.faults.queue_full) {
                return refused(record, Failure::QueueFull, "the queue is full");
            }
            let mut lanes = shared.lanes.lock();
            lanes.turn = lanes.turn.wrapping_add(1);
            let Some(lane) = state.topics.place(&record, lanes.turn) else {
                return refused(record, Failure::Missing, "there is no such partition");
            };
            let now = Instant::now();
            let delay = state.delay();
            let queue = lanes
                .queues
                .entry((Arc::clone(&lane.topic), lane.partition))
                .or_default();
            let due = queue.back().map_or(now, |last| last.due).max(now + delay);
            let first = queue.is_empty();
            queue.push_back(Queued {
                record,
                token,
                due,
                expires: now + state.faults.message_timeout,
            });
            lanes.outstanding += 1;
            drop(lanes);
            if first {
                shared.plan(state, due, lane);
            }
            Ok(())
        })
    }
}

impl Drop for SimulatedProducer {
    fn drop(&mut self) {
        self.shared.lanes.lock().closed = true;
        self.shared.told.notify_one();
    }
}

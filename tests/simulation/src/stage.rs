//! What all that takes part has in common: the history, and who is there.

use std::sync::Arc;
use std::time::Duration;

use kafka_rpc_checker::{Event, What, micros};
use parking_lot::Mutex;
use tokio::time::Instant;

/// What happened, as it is told.
#[derive(Clone)]
pub(crate) struct History {
    began: Instant,
    events: Arc<Mutex<Vec<Event>>>,
}

impl History {
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            events: Arc::default(),
        }
    }

    /// The time, as events have it.
    pub(crate) fn now(&self) -> u64 {
        micros(self.began.elapsed())
    }

    pub(crate) fn teller(&self, node: &str) -> Teller {
        Teller {
            history: self.clone(),
            node: node.into(),
        }
    }

    pub(crate) fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.events.lock())
    }

    /// What was told so far that is looked for.
    pub(crate) fn look<T, All: FromIterator<T>>(&self, of: impl Fn(&Event) -> Option<T>) -> All {
        self.events.lock().iter().filter_map(of).collect()
    }
}

/// Tells what happens at a node.
#[derive(Clone)]
pub(crate) struct Teller {
    history: History,
    node: Arc<str>,
}

impl Teller {
    pub(crate) fn tell(&self, what: What) {
        let event = Event {
            at: self.history.now(),
            node: self.node.to_string(),
            what,
        };
        self.history.events.lock().push(event);
    }

    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    pub(crate) fn node(&self) -> &str {
        &self.node
    }

    /// The time, as events have it.
    pub(crate) fn now(&self) -> u64 {
        self.history.now()
    }

    /// The time by which what begins now has to be over.
    pub(crate) fn until(&self, timeout: Duration) -> u64 {
        self.history.now() + micros(timeout)
    }
}

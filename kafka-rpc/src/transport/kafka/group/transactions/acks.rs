use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::transport::{Deliveries, Delivery, TransportError};

/// Counts the acknowledgements of a transaction's records.
#[derive(Default)]
pub(super) struct Acks {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    acknowledged: usize,
    /// The first record that will not be, by its token.
    failed: Option<(u128, TransportError)>,
}

/// How the records of a transaction fare.
#[derive(Debug)]
pub(super) enum Fate {
    /// All are acknowledged.
    Written,
    /// One will not be, by its token.
    Failed(u128, TransportError),
    /// It is not known yet.
    Open,
}

impl Acks {
    /// Another transaction begins.
    pub(super) fn reset(&self) {
        *self.state.lock() = State::default();
    }

    /// Waits until so many are acknowledged, or one fails.
    pub(super) fn wait(&self, records: usize, limit: Duration) -> Fate {
        let until = Instant::now() + limit;
        let mut state = self.state.lock();
        loop {
            if let Some((token, error)) = state.failed.clone() {
                return Fate::Failed(token, error);
            }
            if state.acknowledged >= records {
                return Fate::Written;
            }
            if self.changed.wait_until(&mut state, until).timed_out() {
                return Fate::Open;
            }
        }
    }
}

impl Deliveries for Acks {
    fn delivered(&self, batch: &mut Vec<Delivery>) {
        let mut state = self.state.lock();
        for Delivery { token, outcome } in batch.drain(..) {
            match outcome {
                Ok(()) => state.acknowledged += 1,
                Err(failed) => {
                    state
                        .failed
                        .get_or_insert((token.unwrap_or_default(), failed.error));
                }
            }
        }
        drop(state);
        self.changed.notify_one();
    }
}

//! What is written in transactions, until somebody does that.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::{
    CommittedOffset, Failure, Outgoing, PartitionRef, Producer, TransportError, Undelivered,
};

/// The most records that may wait for their transaction.
const QUEUE_LIMIT: usize = 100_000;

/// Records that are written together or not at all.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    /// At least one. A reply is the last.
    pub(crate) records: Vec<Outgoing>,
    /// Whose they are: with them an offset is committed. `None`: nobody's.
    pub(crate) token: Option<u128>,
}

/// An offset that is committed in a transaction.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct TransactedOffset {
    /// A token that is of the same owner as those of the partition's records.
    pub(crate) token: u128,
    pub(crate) partition: PartitionRef,
    pub(crate) committed: CommittedOffset,
}

/// What a group writes and commits in transactions.
pub(crate) struct Transactions {
    /// `transactional.id`: of all that have it at a time, the cluster lets the last one write.
    pub(crate) id: String,
    /// Of the producer.
    pub(crate) properties: Vec<(String, String)>,
    pub(crate) queue: std::sync::Arc<TransactionQueue>,
}

/// Takes what is to be written in the next transactions, in order. Its owner's member is told what
/// becomes of it.
#[derive(Debug, Default)]
pub(crate) struct TransactionQueue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    units: VecDeque<Unit>,
    records: usize,
    /// Somebody has an offset to commit.
    nudged: bool,
    closed: bool,
}

impl TransactionQueue {
    /// Queues records that belong together; gives them back where there is no room.
    pub(crate) fn push(&self, unit: Unit) -> Result<(), (Unit, TransportError)> {
        let mut state = self.state.lock();
        if state.records + unit.records.len() > QUEUE_LIMIT {
            let message = format!("{} records wait for their transaction", state.records);
            return Err((unit, TransportError::new(Failure::QueueFull, message)));
        }
        state.records += unit.records.len();
        state.units.push_back(unit);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// There are offsets to commit, maybe without records.
    pub(crate) fn nudge(&self) {
        self.state.lock().nudged = true;
        self.changed.notify_one();
    }

    /// Nothing is to be written any more.
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.changed.notify_one();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state.lock().closed
    }

    /// Waits, at most so long, until there is something to do.
    pub(crate) fn wait(&self, limit: Duration) {
        let mut state = self.state.lock();
        if state.units.is_empty() && !state.nudged && !state.closed {
            self.changed.wait_for(&mut state, limit);
        }
        state.nudged = false;
    }

    /// Takes units of at most so many records, and at least one.
    pub(crate) fn take(&self, most: usize) -> Vec<Unit> {
        let mut state = self.state.lock();
        let mut taken = Vec::new();
        let mut records = 0;
        while let Some(unit) = state.units.front()
            && (taken.is_empty() || records + unit.records.len() <= most)
        {
            records += unit.records.len();
            taken.extend(state.units.pop_front());
        }
        state.records -= records;
        taken
    }
}

impl Producer for TransactionQueue {
    fn send(&self, record: Outgoing, token: Option<u128>) -> Result<(), Box<Undelivered>> {
        let unit = Unit {
            records: vec![record],
            token,
        };
        self.push(unit).map_err(|(mut unit, error)| {
            let record = unit.records.pop().unwrap_or_default();
            Box::new(Undelivered { record, error })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(records: usize, token: u128) -> Unit {
        Unit {
            records: vec![Outgoing::default(); records],
            token: Some(token),
        }
    }

    #[test]
    fn units_are_taken_whole_and_in_order() {
        let queue = TransactionQueue::default();
        for (records, token) in [(3, 1), (2, 2), (1, 3)] {
            queue.push(unit(records, token)).unwrap();
        }
        let tokens = |most| -> Vec<u128> {
            let taken = queue.take(most);
            taken.into_iter().filter_map(|unit| unit.token).collect()
        };
        // One that is larger than what may be taken is taken alone.
        assert_eq!(tokens(2), [1]);
        assert_eq!(tokens(3), [2, 3]);
        assert_eq!(tokens(3), [0; 0]);
    }

    #[test]
    fn what_waits_is_bounded_and_given_back_whole() {
        let queue = TransactionQueue::default();
        queue.push(unit(QUEUE_LIMIT - 1, 1)).unwrap();
        let (back, error) = queue.push(unit(2, 2)).unwrap_err();
        assert_eq!((back.records.len(), back.token), (2, Some(2)));
        assert_eq!(error.failure, Failure::QueueFull);
        assert!(queue.send(Outgoing::default(), None).is_ok());
        assert!(queue.send(Outgoing::default(), None).is_err());
        queue.take(1);
        assert!(queue.push(unit(2, 2)).is_ok());
    }

    #[test]
    fn nobody_waits_where_there_is_something_to_do() {
        let queue = TransactionQueue::default();
        queue.nudge();
        queue.wait(Duration::from_secs(60));
        queue.push(unit(1, 1)).unwrap();
        queue.wait(Duration::from_secs(60));
        queue.take(1);
        queue.close();
        queue.wait(Duration::from_secs(60));
        assert!(queue.is_closed());
    }
}

//! The owner of a [`Dispatch`] and its handlers. Each step is compared with the model.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::assignment::{Phase, Record};
use super::model::Model;
use super::*;
use crate::server::progress::Commit;

/// How many partitions there are.
pub(super) const LOGS: usize = 2;

/// A partition as Kafka keeps it, and what became of its records under all of its owners.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) records: Vec<Record>,
    pub(super) starts: Vec<usize>,
    pub(super) cancelled: BTreeSet<i64>,
    pub(super) stored: Told,
}

/// A commit, and what was finished when it was taken.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) commit: Commit,
    pub(super) finished: BTreeSet<i64>,
}

#[derive(Debug)]
pub(super) struct Batch {
    pub(super) seq: u64,
    pub(super) commits: Vec<(PartitionId, Told)>,
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) dispatch: Dispatch<i64, u8>,
    pub(super) model: Model,
    pub(super) logs: Vec<Log>,
    pub(super) tickets: Vec<Ticket>,
    pub(super) now: Instant,
    /// Those that were postponed, and have not started again.
    pub(super) again: HashSet<(usize, i64)>,
    pub(super) in_flight: Option<Batch>,
    /// Whether all partitions were given up only after their calls had settled and their last
    /// commit was made.
    pub(super) orderly: bool,
}

impl World {
    pub(super) fn new(limits: Limits) -> Self {
        let log = |_| Log {
            records: Vec::new(),
            starts: Vec::new(),
            cancelled: BTreeSet::new(),
            stored: Told {
                commit: Commit {
                    offset: 0,
                    metadata: String::new(),
                },
                finished: BTreeSet::new(),
            },
        };
        Self {
            dispatch: Dispatch::new(limits),
            model: Model::new(limits),
            logs: (0..LOGS).map(log).collect(),
            tickets: Vec::new(),
            now: Instant::now(),
            again: HashSet::default(),
            in_flight: None,
            orderly: true,
        }
    }

    pub(super) fn append(&mut self, log: usize, record: Record) {
        self.logs[log].records.push(record);
        self.logs[log].starts.push(0);
    }

    pub(super) fn assign(&mut self, log: usize) {
        if self.model.owner_of(log).is_none() {
            let Told { commit, finished } = self.logs[log].stored.clone();
            let progress = Progress::resume(commit.offset, &commit.metadata);
            let id = self.dispatch.assign(progress);
            self.model.assign(id, log, commit.offset, finished);
        }
    }

    /// Fetches the next record, if there is one for this owner.
    pub(super) fn fetch(&mut self, log: usize) -> bool {
        let Some(assignment) = self.model.last_of(log) else {
            return false;
        };
        let (id, offset) = (assignment.id, assignment.position);
        let Some(record) = self.logs[log].records.get(offset as usize).cloned() else {
            return false;
        };
        if assignment.revoked {
            assert_eq!(self.dispatch.arrive(id, offset), None);
            self.dispatch.skip(id, offset + 1_000);
            let refused = self
                .dispatch
                .submit(id, offset, submission(offset, &record));
            assert_eq!(
                refused,
                Err(offset),
                "a call of a partition that was given up"
            );
            return false;
        }
        assignment.position += 1;
        if assignment.inherited.contains(&offset) {
            assert_eq!(self.dispatch.arrive(id, offset), Some(Arrival::AlreadyDone));
            return true;
        }
        assert_eq!(self.dispatch.arrive(id, offset), Some(Arrival::Handle));
        if record.poison {
            self.dispatch.skip(id, offset);
        } else {
            let taken = self
                .dispatch
                .submit(id, offset, submission(offset, &record));
            assert_eq!(taken, Ok(()));
        }
        self.model.submit(id, offset, record);
        true
    }

    pub(super) fn fetch_again(&mut self, log: usize, choose: impl Fn(usize) -> usize) {
        if let Some(owner) = self.model.owner_of(log)
            && !owner.revoked
            && owner.position > 0
        {
            let offset = choose(owner.position as usize) as i64;
            let arrival = self.dispatch.arrive(owner.id, offset);
            assert_eq!(arrival, Some(Arrival::Repeat));
        }
    }

    pub(super) fn start(&mut self) -> bool {
        let started = self.dispatch.start();
        let expected = self.model.start();
        assert_eq!(started, expected.map(|ticket| (ticket, ticket.offset)));
        let Some((ticket, offset)) = started else {
            return false;
        };
        let log = self.model.log_of(ticket.partition);
        let Log {
            records,
            starts,
            stored,
            ..
        } = &mut self.logs[log];
        if !self.again.remove(&(log, offset)) {
            starts[offset as usize] += 1;
        }
        if records[offset as usize].delivery == Delivery::AtMostOnce {
            assert!(
                stored.finished.contains(&offset),
                "{offset} starts before it is committed"
            );
        }
        self.tickets.push(ticket);
        true
    }

    /// One of all tickets there ever were.
    pub(super) fn ticket(&self, choose: impl Fn(usize) -> usize) -> Option<Ticket> {
        let all = self.tickets.len();
        (all > 0).then(|| self.tickets[choose(all)])
    }

    pub(super) fn finish(&mut self, ticket: Ticket) {
        self.dispatch.finished(ticket);
        self.model.finished(ticket);
    }

    /// A call that was tried in vain is to be tried again.
    pub(super) fn postpone(&mut self, ticket: Ticket, millis: u64) {
        let log = self.model.log_of(ticket.partition);
        let record = self.logs[log].records[ticket.offset as usize].clone();
        if record.delivery == Delivery::AtMostOnce {
            return;
        }
        let due = self.now + Duration::from_millis(millis);
        let offset = ticket.offset;
        let taken = self.dispatch.postpone(ticket, due, record.bytes, offset);
        let postponed = self.model.postpone(ticket, due);
        assert_eq!(taken, if postponed { Ok(()) } else { Err(offset) });
        if postponed || self.model.abandoned(ticket) {
            self.again.insert((log, offset));
        }
        assert!(!self.dispatch.runs(ticket), "it still takes up a place");
    }

    pub(super) fn hasten(&mut self, ticket: Ticket) {
        self.dispatch.hasten(ticket);
        self.model.hasten(ticket);
    }

    pub(super) fn pass(&mut self, millis: u64) {
        self.now += Duration::from_millis(millis);
        self.dispatch.wake(self.now);
        self.model.wake(self.now);
    }

    pub(super) fn hold(&mut self, ticket: Ticket, bytes: usize) {
        self.dispatch.hold(ticket, bytes);
        self.model.hold(ticket, bytes);
    }

    pub(super) fn settle(&mut self, ticket: Ticket) {
        self.dispatch.settled(ticket);
        self.model.settled(ticket);
    }

    /// The call that has run longest ends.
    pub(super) fn serve(&mut self) {
        let mut tickets = self.tickets.iter();
        let running = tickets.find(|ticket| self.dispatch.runs(**ticket));
        if let Some(&ticket) = running {
            self.finish(ticket);
            self.settle(ticket);
        }
    }

    pub(super) fn cancel(&mut self, log: usize, call: u8) {
        if let Some(id) = self.model.last_of(log).map(|assignment| assignment.id) {
            let cancelled = self.dispatch.cancel(id, &call);
            assert_eq!(cancelled, self.model.cancel(id, call));
            if let Cancelled::Waiting(offset) = cancelled {
                self.logs[log].cancelled.insert(offset);
            }
        }
    }

    pub(super) fn flow(&mut self) {
        let mut flow = self.dispatch.flow();
        flow.sort_by_key(|(id, _)| *id);
        assert_eq!(flow, self.model.flow());
    }

    pub(super) fn assert_counts(&mut self) {
        assert_eq!(self.dispatch.next_due(), self.model.next_due());
        assert_eq!(self.dispatch.running(), self.model.count(Phase::Running));
        assert_eq!(self.dispatch.waiting(), self.model.count(Phase::Waiting));
        assert_eq!(
            self.dispatch.unsettled(),
            self.model.count(Phase::Unsettled)
        );
    }
}

fn submission(offset: i64, record: &Record) -> Submission<i64, u8> {
    Submission {
        key: record.key.map(|key| Bytes::from(vec![key])),
        id: Some(record.id),
        bytes: record.bytes,
        delivery: record.delivery,
        call: offset,
    }
}

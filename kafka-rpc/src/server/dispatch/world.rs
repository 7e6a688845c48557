//! Kafka, the broker's answers and the handlers around a [`Dispatch`], each step of it compared with the model.

use std::collections::BTreeSet;

use super::model::{Assignment, Gate, Model, Phase, Record};
use super::*;
use crate::server::progress::Commit;

/// How many partitions there are.
pub(super) const LOGS: usize = 2;

/// A partition as Kafka keeps it, and what became of its records under all of its owners.
#[derive(Debug)]
struct Log {
    records: Vec<Record>,
    starts: Vec<usize>,
    cancelled: BTreeSet<i64>,
    stored: Told,
}

/// A commit, and what was finished when it was taken.
#[derive(Debug, Clone)]
struct Told {
    commit: Commit,
    finished: BTreeSet<i64>,
}

#[derive(Debug)]
struct Batch {
    seq: u64,
    commits: Vec<(PartitionId, Told)>,
}

#[derive(Debug)]
pub(super) struct World {
    dispatch: Dispatch<i64, u8>,
    model: Model,
    logs: Vec<Log>,
    tickets: Vec<Ticket>,
    in_flight: Option<Batch>,
    /// Whether all partitions were given up only after their calls had settled and their last commit was made.
    orderly: bool,
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
        starts[offset as usize] += 1;
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

    pub(super) fn settle(&mut self, ticket: Ticket) {
        self.dispatch.settled(ticket);
        self.model.settled(ticket);
    }

    /// The call that has run longest ends.
    pub(super) fn serve(&mut self) {
        let mut tickets = self.tickets.iter();
        let running = tickets.find(|ticket| self.dispatch.running.contains(ticket));
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

    pub(super) fn take(&mut self) {
        let batch = self.dispatch.take_commits();
        if self.in_flight.is_some() {
            assert!(batch.is_none(), "two batches in flight");
            return;
        }
        let mut commits = Vec::new();
        let mut taken = batch
            .as_ref()
            .into_iter()
            .flat_map(|batch| &batch.commits)
            .peekable();
        for assignment in self.model.all_owned() {
            let finished = assignment.finished();
            let Some((id, commit)) = taken.next_if(|(id, _)| *id == assignment.id) else {
                assert_eq!(
                    assignment.told.as_ref(),
                    Some(&finished),
                    "a change was not taken"
                );
                continue;
            };
            assignment.assert_tells_what_is_finished(commit);
            assignment.told = Some(finished.clone());
            assignment.move_gates(Gate::Uncommitted, Gate::InCommit);
            commits.push((
                *id,
                Told {
                    commit: commit.clone(),
                    finished,
                },
            ));
        }
        assert!(
            taken.next().is_none(),
            "a commit of a partition that is not owned"
        );
        self.in_flight = batch.map(|batch| Batch {
            seq: batch.seq,
            commits,
        });
    }

    /// The broker answers, or does not; then it may have the commits or not.
    pub(super) fn answer(&mut self, confirmed: bool, applied: bool) {
        let Some(Batch { seq, commits }) = self.in_flight.take() else {
            return;
        };
        self.dispatch.committed(seq + 1);
        self.dispatch.commit_failed(seq.wrapping_sub(1));
        for (id, told) in commits {
            let Some(assignment) = self.model.owned(id) else {
                continue;
            };
            if confirmed || applied {
                self.logs[assignment.log].stored = told;
            }
            if confirmed {
                assignment.move_gates(Gate::InCommit, Gate::Open);
            } else {
                assignment.move_gates(Gate::InCommit, Gate::Uncommitted);
                assignment.told = None;
            }
        }
        match confirmed {
            true => self.dispatch.committed(seq),
            false => self.dispatch.commit_failed(seq),
        }
    }

    pub(super) fn flow(&mut self) {
        assert_eq!(self.dispatch.flow(), self.model.flow());
    }

    pub(super) fn revoke(&mut self, log: usize) {
        if let Some(id) = self.model.last_of(log).map(|assignment| assignment.id) {
            assert_eq!(self.dispatch.revoke(id), self.model.revoke(id));
        }
    }

    /// Gives a partition up if its calls have settled.
    pub(super) fn release_orderly(&mut self, log: usize) {
        self.revoke(log);
        let Some(owner) = self.model.owner_of(log) else {
            return;
        };
        let (id, drained) = (owner.id, owner.is_drained());
        assert_eq!(self.dispatch.drained(id), drained);
        if drained {
            self.answer(true, true);
            self.release(log, true);
        }
    }

    /// Gives a partition up as it is; its last commit may be lost.
    pub(super) fn release_early(&mut self, log: usize, applied: bool) {
        let Some(owner) = self.model.last_of(log) else {
            return;
        };
        if owner.released {
            assert_eq!(self.dispatch.release(owner.id), None);
            return;
        }
        let id = owner.id;
        self.orderly = false;
        for (_, told) in self
            .in_flight
            .iter()
            .flat_map(|batch| &batch.commits)
            .filter(|it| it.0 == id)
        {
            owner.told = None;
            if applied {
                self.logs[log].stored = told.clone();
            }
        }
        self.release(log, applied);
    }

    fn release(&mut self, log: usize, applied: bool) {
        let id = self.model.owner_of(log).expect("it is owned").id;
        let commit = self.dispatch.release(id);
        self.model.revoke(id);
        let owner = self.model.owned(id).expect("it is owned");
        owner.released = true;
        let finished = owner.finished();
        let Some(commit) = commit else {
            assert_eq!(owner.told, Some(finished), "the last commit is missing");
            return;
        };
        owner.assert_tells_what_is_finished(&commit);
        if applied {
            self.logs[log].stored = Told { commit, finished };
        }
    }

    pub(super) fn crash(&mut self) {
        let limits = self.model.limits;
        self.dispatch = Dispatch::new(limits);
        self.model = Model::new(limits);
        self.tickets.clear();
        self.in_flight = None;
        self.orderly = false;
    }

    /// Handles all that is in the logs.
    pub(super) fn run_out(&mut self) {
        for round in 0.. {
            assert!(round < 1_000, "calls are stuck: {self:?}");
            for ticket in self.tickets.clone() {
                self.finish(ticket);
                self.settle(ticket);
            }
            for log in 0..LOGS {
                if self.model.owner_of(log).is_some_and(|owner| owner.revoked) {
                    self.release_orderly(log);
                }
                self.assign(log);
                while self.fetch(log) {}
            }
            self.answer(true, true);
            self.take();
            self.answer(true, true);
            let mut idle = true;
            while self.start() {
                idle = false;
            }
            if idle {
                break;
            }
        }
    }

    pub(super) fn assert_counts(&self) {
        assert_eq!(self.dispatch.running(), self.model.count(Phase::Running));
        assert_eq!(self.dispatch.waiting(), self.model.count(Phase::Waiting));
        assert_eq!(
            self.dispatch.unsettled(),
            self.model.count(Phase::Unsettled)
        );
    }

    /// After all is handled.
    pub(super) fn assert_promises_are_kept(&self) {
        for log in &self.logs {
            for (offset, (record, &starts)) in log.records.iter().zip(&log.starts).enumerate() {
                let least = match record.delivery {
                    _ if record.poison || log.cancelled.contains(&(offset as i64)) => 0,
                    Delivery::AtLeastOnce => 1,
                    Delivery::AtMostOnce => usize::from(self.orderly),
                };
                let most = match record.delivery {
                    _ if record.poison => 0,
                    Delivery::AtLeastOnce if !self.orderly => usize::MAX,
                    _ => 1,
                };
                assert!(
                    (least..=most).contains(&starts),
                    "{record:?} at {offset} was started {starts} times"
                );
            }
        }
    }

    /// After all is handled.
    pub(super) fn assert_nothing_is_left(&mut self) {
        self.assert_counts();
        assert_eq!(
            self.dispatch.running() + self.dispatch.waiting() + self.dispatch.unsettled(),
            0
        );
        assert!(self.dispatch.all_drained() && self.dispatch.revoke_all().is_empty());
        for partition in self.dispatch.partitions.values() {
            assert!(partition.holds_nothing(), "{partition:?}");
        }
        for log in 0..LOGS {
            self.release_orderly(log);
        }
        let Dispatch {
            partitions,
            ready,
            touched,
            in_flight,
            ..
        } = &self.dispatch;
        assert!(
            partitions.is_empty() && ready.is_empty() && touched.is_empty() && in_flight.is_none()
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

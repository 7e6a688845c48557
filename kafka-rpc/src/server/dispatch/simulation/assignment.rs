//! A partition under one owner, and its calls.

use std::collections::BTreeSet;

use tokio::time::Instant;

use super::super::*;
use crate::server::progress::Commit;

/// A record of a log, as it is handled whenever it arrives.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) key: Option<u8>,
    pub(super) id: u8,
    pub(super) bytes: usize,
    pub(super) delivery: Delivery,
    pub(super) poison: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Waiting,
    Running,
    Unsettled,
    /// Settled, cancelled or skipped.
    Done,
    /// Given back when its partition was revoked.
    GivenBack,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    Uncommitted,
    InCommit,
    Open,
}

#[derive(Debug)]
pub(super) struct Call {
    pub(super) offset: i64,
    pub(super) turn: usize,
    pub(super) record: Record,
    pub(super) phase: Phase,
    pub(super) gate: Gate,
    /// Settled while it runs.
    pub(super) settled: bool,
    /// While it waits: when it may start again.
    pub(super) due: Option<Instant>,
    /// What it takes up after its end.
    pub(super) held: usize,
}

impl Call {
    /// Whether a commit counts it as finished.
    pub(super) fn is_finished(&self) -> bool {
        let claimed =
            self.record.delivery == Delivery::AtMostOnce && self.phase != Phase::GivenBack;
        claimed || self.settled || self.phase == Phase::Done
    }

    pub(super) fn has_id(&self, id: u8) -> bool {
        self.record.id == id && !self.record.poison
    }

    pub(super) fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Waiting | Phase::Running)
    }
}

/// An assignment of a partition.
#[derive(Debug)]
pub(super) struct Assignment {
    pub(super) id: PartitionId,
    pub(super) log: usize,
    pub(super) position: i64,
    /// What was finished when it was assigned.
    pub(super) inherited: BTreeSet<i64>,
    pub(super) calls: Vec<Call>,
    pub(super) revoked: bool,
    pub(super) released: bool,
    pub(super) paused: bool,
    /// What the last commit that was taken and has not failed counts as finished.
    pub(super) told: Option<BTreeSet<i64>>,
}

impl Assignment {
    /// What a commit counts as finished now.
    pub(super) fn finished(&self) -> BTreeSet<i64> {
        let calls = self.calls.iter().filter(|call| call.is_finished());
        let mut finished = self.inherited.clone();
        finished.extend(calls.map(|call| call.offset));
        finished
    }

    pub(super) fn assert_tells_what_is_finished(&self, commit: &Commit) {
        let finished = self.finished();
        let mut heir = Progress::resume(commit.offset, &commit.metadata);
        for offset in 0..self.position {
            let expected = match finished.contains(&offset) {
                _ if offset < commit.offset => Arrival::Repeat,
                true => Arrival::AlreadyDone,
                false => Arrival::Handle,
            };
            assert_eq!(
                heir.arrive(offset),
                expected,
                "offset {offset} in {commit:?}"
            );
            assert!(
                finished.contains(&offset) || offset >= commit.offset,
                "{commit:?} passes {offset}"
            );
        }
    }

    pub(super) fn waiting(&self) -> impl Iterator<Item = &Call> {
        self.calls
            .iter()
            .filter(|call| call.phase == Phase::Waiting)
    }

    pub(super) fn may_start(&self, call: &Call) -> bool {
        let earlier = self
            .calls
            .iter()
            .take_while(|other| other.offset != call.offset);
        let mut before = earlier.filter(|other| other.is_live());
        let key = call.record.key;
        let open = call.gate == Gate::Open && call.due.is_none();
        open && (key.is_none() || before.all(|other| other.record.key != key))
    }

    /// What calls take up that wait, and that have more to settle than a reply.
    pub(super) fn bytes(&self) -> usize {
        let waiting: usize = self.waiting().map(|call| call.record.bytes).sum();
        let unsettled = |call: &&Call| match call.phase {
            Phase::Running => !call.settled,
            phase => phase == Phase::Unsettled,
        };
        let held: usize = self
            .calls
            .iter()
            .filter(unsettled)
            .map(|call| call.held)
            .sum();
        waiting + held
    }

    pub(super) fn is_drained(&self) -> bool {
        let busy = |call: &Call| matches!(call.phase, Phase::Running | Phase::Unsettled);
        !self.calls.iter().any(busy)
    }

    pub(super) fn move_gates(&mut self, from: Gate, to: Gate) {
        for call in self.calls.iter_mut().filter(|call| call.gate == from) {
            call.gate = to;
        }
    }

    pub(super) fn call(&mut self, offset: i64) -> Option<&mut Call> {
        self.calls.iter_mut().find(|call| call.offset == offset)
    }
}

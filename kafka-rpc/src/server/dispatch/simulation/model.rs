//! Dispatch as someone would do it who has all the time in the world: one list of calls, searched
//! from end to end.

use std::collections::BTreeSet;

use tokio::time::Instant;

use super::super::*;
use super::assignment::{Assignment, Call, Gate, Phase, Record};

#[derive(Debug)]
pub(super) struct Model {
    pub(super) limits: Limits,
    pub(super) assignments: Vec<Assignment>,
    turns: usize,
}

impl Model {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            assignments: Vec::new(),
            turns: 0,
        }
    }

    pub(super) fn assign(
        &mut self,
        id: PartitionId,
        log: usize,
        position: i64,
        inherited: BTreeSet<i64>,
    ) {
        self.assignments.push(Assignment {
            id,
            log,
            position,
            told: Some(inherited.clone()),
            inherited,
            calls: Vec::new(),
            revoked: false,
            released: false,
            paused: false,
        });
    }

    /// The assignment, unless it was released.
    pub(super) fn owned(&mut self, id: PartitionId) -> Option<&mut Assignment> {
        self.assignments
            .iter_mut()
            .find(|assignment| assignment.id == id && !assignment.released)
    }

    pub(super) fn owner_of(&mut self, log: usize) -> Option<&mut Assignment> {
        self.assignments
            .iter_mut()
            .find(|assignment| assignment.log == log && !assignment.released)
    }

    /// The last assignment of a partition, released or not.
    pub(super) fn last_of(&mut self, log: usize) -> Option<&mut Assignment> {
        self.assignments
            .iter_mut()
            .rfind(|assignment| assignment.log == log)
    }

    pub(super) fn all_owned(&mut self) -> impl Iterator<Item = &mut Assignment> {
        self.assignments
            .iter_mut()
            .filter(|assignment| !assignment.released)
    }

    pub(super) fn log_of(&self, id: PartitionId) -> usize {
        let assignment = self
            .assignments
            .iter()
            .find(|assignment| assignment.id == id);
        assignment.expect("it was assigned").log
    }

    pub(super) fn submit(&mut self, id: PartitionId, offset: i64, record: Record) {
        let (turn, at_most_once) = (self.turns, record.delivery == Delivery::AtMostOnce);
        self.turns += 1;
        let phase = if record.poison {
            Phase::Done
        } else {
            Phase::Waiting
        };
        let gate = if at_most_once {
            Gate::Uncommitted
        } else {
            Gate::Open
        };
        let assignment = self.owned(id).expect("it is owned");
        assignment.calls.push(Call {
            offset,
            turn,
            record,
            phase,
            gate,
            settled: false,
            due: None,
            held: 0,
        });
    }

    /// False where the call does not run, or is the next owner's.
    pub(super) fn postpone(&mut self, ticket: Ticket, due: Instant) -> bool {
        let turn = self.turns;
        let assignment = self.owned(ticket.partition).filter(|owned| !owned.revoked);
        let call = assignment.and_then(|owned| owned.call(ticket.offset));
        let Some(call) = call.filter(|call| call.phase == Phase::Running && !call.settled) else {
            return false;
        };
        (call.phase, call.turn, call.due, call.held) = (Phase::Waiting, turn, Some(due), 0);
        self.turns += 1;
        true
    }

    /// Whether the call ran and is left to the next owner.
    pub(super) fn abandoned(&mut self, ticket: Ticket) -> bool {
        let mut assignments = self.assignments.iter_mut();
        let assignment = assignments.find(|assignment| assignment.id == ticket.partition);
        let call = assignment.and_then(|assignment| assignment.call(ticket.offset));
        let Some(call) = call.filter(|call| call.phase == Phase::Running) else {
            return false;
        };
        let settled = call.settled;
        call.phase = if settled {
            Phase::Done
        } else {
            Phase::GivenBack
        };
        !settled
    }

    pub(super) fn wake(&mut self, now: Instant) {
        let calls = self.all_owned().flat_map(|owned| &mut owned.calls);
        for call in calls.filter(|call| call.due.is_some_and(|due| due <= now)) {
            call.due = None;
        }
    }

    pub(super) fn hasten(&mut self, ticket: Ticket) {
        let calls = self.owned(ticket.partition).map(|owned| &mut owned.calls);
        let mut calls = calls.into_iter().flatten();
        if let Some(call) = calls.find(|call| call.offset == ticket.offset) {
            call.due = None;
        }
    }

    pub(super) fn next_due(&mut self) -> Option<Instant> {
        let owned = self.all_owned().filter(|owned| !owned.revoked);
        let waiting = owned.flat_map(|owned| owned.calls.iter());
        let waiting = waiting.filter(|call| call.phase == Phase::Waiting);
        waiting.filter_map(|call| call.due).min()
    }

    pub(super) fn hold(&mut self, ticket: Ticket, bytes: usize) {
        let call = self
            .owned(ticket.partition)
            .and_then(|owned| owned.call(ticket.offset));
        if let Some(call) = call
            && (call.phase == Phase::Unsettled || call.phase == Phase::Running && !call.settled)
        {
            call.held += bytes;
        }
    }

    pub(super) fn start(&mut self) -> Option<Ticket> {
        if self.count(Phase::Running) >= self.limits.concurrency {
            return None;
        }
        let owned = self
            .assignments
            .iter()
            .filter(|assignment| !assignment.revoked);
        let may_start = owned.flat_map(|assignment| {
            let calls = assignment
                .waiting()
                .filter(|call| assignment.may_start(call));
            calls.map(|call| (call.turn, assignment.id, call.offset))
        });
        let (_, partition, offset) = may_start.min()?;
        let call = self.owned(partition)?.call(offset)?;
        call.phase = Phase::Running;
        Some(Ticket { partition, offset })
    }

    pub(super) fn finished(&mut self, ticket: Ticket) {
        let assignment = self
            .assignments
            .iter_mut()
            .find(|assignment| assignment.id == ticket.partition);
        let call = assignment.and_then(|assignment| assignment.call(ticket.offset));
        if let Some(call) = call.filter(|call| call.phase == Phase::Running) {
            call.phase = if call.settled {
                Phase::Done
            } else {
                Phase::Unsettled
            };
        }
    }

    pub(super) fn settled(&mut self, ticket: Ticket) {
        let call = self
            .owned(ticket.partition)
            .and_then(|assignment| assignment.call(ticket.offset));
        match call {
            Some(call) if call.phase == Phase::Unsettled => call.phase = Phase::Done,
            Some(call) if call.phase == Phase::Running => call.settled = true,
            _ => {}
        }
    }

    pub(super) fn cancel(&mut self, id: PartitionId, call: u8) -> Cancelled<i64> {
        let calls = self.owned(id).map(|assignment| assignment.calls.iter_mut());
        let last = calls.and_then(|mut calls| calls.rfind(|other| other.has_id(call)));
        let Some(call) = last.filter(|call| call.is_live()) else {
            return Cancelled::Unknown;
        };
        let offset = call.offset;
        if call.phase == Phase::Running {
            return Cancelled::Running(Ticket {
                partition: id,
                offset,
            });
        }
        call.phase = Phase::Done;
        Cancelled::Waiting(offset)
    }

    pub(super) fn revoke(&mut self, id: PartitionId) -> Vec<i64> {
        let Some(assignment) = self.owned(id) else {
            return Vec::new();
        };
        assignment.revoked = true;
        let waiting = assignment
            .calls
            .iter_mut()
            .filter(|call| call.phase == Phase::Waiting);
        let mut given_back: Vec<_> = waiting
            .map(|call| {
                call.phase = Phase::GivenBack;
                (call.turn, call.offset)
            })
            .collect();
        given_back.sort_unstable();
        given_back.into_iter().map(|(_, offset)| offset).collect()
    }

    pub(super) fn flow(&mut self) -> Vec<(PartitionId, Flow)> {
        let limits = self.limits;
        let mut changes = Vec::new();
        for assignment in self
            .assignments
            .iter_mut()
            .filter(|assignment| !assignment.revoked)
        {
            let calls = assignment.waiting().count();
            let bytes = assignment.bytes();
            if !assignment.paused && (calls >= limits.queued_calls || bytes >= limits.queued_bytes)
            {
                assignment.paused = true;
                changes.push((assignment.id, Flow::Pause));
            } else if assignment.paused
                && calls <= limits.queued_calls / 2
                && bytes <= limits.queued_bytes / 2
            {
                assignment.paused = false;
                changes.push((assignment.id, Flow::Resume));
            }
        }
        changes
    }

    /// Calls in a phase. Those of released partitions count while they run, and only then.
    pub(super) fn count(&self, phase: Phase) -> usize {
        let counted = |it: &&Assignment| phase == Phase::Running || !it.released;
        let calls = self
            .assignments
            .iter()
            .filter(counted)
            .flat_map(|it| &it.calls);
        calls.filter(|call| call.phase == phase).count()
    }
}

use std::hash::Hash;

use bytes::Bytes;

use super::gate::CommitGate;
use super::keys::KeyQueues;
use super::{Flow, Limits, PartitionId, Submission, Ticket, Turn};
use crate::Delivery;
use crate::hashing::{HashMap, HashSet};
use crate::server::progress::{Arrival, Commit, Progress};

/// The calls of one partition. A submitted call is in exactly one of `waiting`, `running` and
/// `unsettled`.
#[derive(Debug)]
pub(super) struct Partition<C, I> {
    id: PartitionId,
    progress: Progress,
    waiting: HashMap<i64, Waiting<C, I>>,
    waiting_bytes: usize,
    running: HashMap<i64, Running<I>>,
    unsettled: HashSet<i64>,
    /// The keyed calls that wait or run.
    keys: KeyQueues,
    /// The calls that wait or run. Of calls with one id, the last.
    ids: HashMap<I, i64>,
    gate: CommitGate,
    /// Records that are finished with another one.
    attached: HashMap<i64, Vec<i64>>,
    revoked: bool,
    paused: bool,
}

#[derive(Debug)]
struct Waiting<C, I> {
    turn: Turn,
    key: Option<Bytes>,
    id: Option<I>,
    bytes: usize,
    call: C,
}

#[derive(Debug)]
struct Running<I> {
    key: Option<Bytes>,
    id: Option<I>,
    /// The reply was acknowledged before the end of the handler was reported.
    settled: bool,
}

/// A call that may start.
pub(super) type Ready = (Turn, Ticket);

/// A waiting call that will not start.
pub(super) struct Withdrawn<C> {
    pub(super) turn: Turn,
    pub(super) call: C,
    /// What may start in its place.
    pub(super) next: Option<Ready>,
}

impl<C, I: Eq + Hash + Clone> Partition<C, I> {
    pub(super) fn new(id: PartitionId, progress: Progress) -> Self {
        Self {
            id,
            progress,
            waiting: HashMap::default(),
            waiting_bytes: 0,
            running: HashMap::default(),
            unsettled: HashSet::default(),
            keys: KeyQueues::default(),
            ids: HashMap::default(),
            gate: CommitGate::default(),
            attached: HashMap::default(),
            revoked: false,
            paused: false,
        }
    }

    pub(super) fn arrive(&mut self, offset: i64) -> Option<Arrival> {
        (!self.revoked).then(|| self.progress.arrive(offset))
    }

    pub(super) fn attach(&mut self, offset: i64, parts: Vec<i64>) {
        if !parts.is_empty() {
            self.attached.entry(offset).or_default().extend(parts);
        }
    }

    pub(super) fn skip_with(&mut self, offset: i64, call: i64) {
        let waits = self.waiting.contains_key(&call)
            || self.running.get(&call).is_some_and(|call| !call.settled);
        if waits {
            self.attach(call, vec![offset]);
        } else {
            self.complete(offset);
        }
    }

    fn complete(&mut self, offset: i64) {
        self.progress.complete(offset);
        if !self.attached.is_empty() {
            // What is attached may have others attached to it.
            let mut parts = self.attached.remove(&offset).unwrap_or_default();
            while let Some(part) = parts.pop() {
                self.progress.complete(part);
                parts.extend(self.attached.remove(&part).unwrap_or_default());
            }
        }
    }

    pub(super) fn skip(&mut self, offset: i64) {
        self.complete(offset);
    }

    pub(super) fn submit(
        &mut self,
        offset: i64,
        turn: Turn,
        submission: Submission<C, I>,
    ) -> Result<Option<Ready>, C> {
        if self.revoked {
            return Err(submission.call);
        }
        let Submission {
            key,
            id,
            bytes,
            delivery,
            call,
        } = submission;
        if delivery == Delivery::AtMostOnce {
            self.progress.claim(offset);
            self.gate.hold(offset);
        }
        if let Some(key) = &key {
            self.keys.join(key.clone(), offset);
        }
        if let Some(id) = &id {
            self.ids.insert(id.clone(), offset);
        }
        self.waiting_bytes += bytes;
        self.waiting.insert(
            offset,
            Waiting {
                turn,
                key,
                id,
                bytes,
                call,
            },
        );
        Ok(self.ready(offset))
    }

    pub(super) fn start(&mut self, offset: i64) -> Option<C> {
        let Waiting {
            key,
            id,
            bytes,
            call,
            ..
        } = self.waiting.remove(&offset)?;
        self.waiting_bytes -= bytes;
        let settled = false;
        self.running.insert(offset, Running { key, id, settled });
        Some(call)
    }

    /// Ends a running call, and tells which one may start in its place.
    pub(super) fn finish(&mut self, offset: i64) -> Option<Ready> {
        let call = self.running.remove(&offset)?;
        self.forget_id(call.id, offset);
        if !call.settled {
            self.unsettled.insert(offset);
        }
        self.leave_key(call.key, offset)
    }

    pub(super) fn settle(&mut self, offset: i64) {
        match self.running.get_mut(&offset) {
            Some(call) => call.settled = true,
            None if !self.unsettled.remove(&offset) => return,
            None => {}
        }
        self.complete(offset);
    }

    /// Waits for the call no longer, without its offset being finished.
    pub(super) fn abandon(&mut self, offset: i64) {
        self.unsettled.remove(&offset);
    }

    pub(super) fn offset_of(&self, id: &I) -> Option<i64> {
        self.ids.get(id).copied()
    }

    /// Takes a waiting call out for good: its offset is finished.
    pub(super) fn withdraw(&mut self, offset: i64) -> Option<Withdrawn<C>> {
        let Waiting {
            turn,
            key,
            id,
            bytes,
            call,
        } = self.waiting.remove(&offset)?;
        self.waiting_bytes -= bytes;
        self.forget_id(id, offset);
        self.gate.forget(offset);
        self.complete(offset);
        let next = self.leave_key(key, offset);
        Some(Withdrawn { turn, call, next })
    }

    /// Takes all waiting calls out and leaves them to the next owner, also those that were to run
    /// at most once: they never started here.
    pub(super) fn revoke(&mut self) -> Vec<(Turn, C)> {
        self.revoked = true;
        self.keys = KeyQueues::default();
        self.gate = CommitGate::default();
        self.waiting_bytes = 0;
        let mut withdrawn = Vec::with_capacity(self.waiting.len());
        for (offset, call) in std::mem::take(&mut self.waiting) {
            self.forget_id(call.id, offset);
            self.progress.reopen(offset);
            withdrawn.push((call.turn, call.call));
        }
        withdrawn.sort_unstable_by_key(|(turn, _)| *turn);
        withdrawn
    }

    pub(super) fn is_drained(&self) -> bool {
        self.running.is_empty() && self.unsettled.is_empty()
    }

    pub(super) fn take_commit(&mut self) -> Option<Commit> {
        let commit = self.progress.take_commit()?;
        self.gate.commit_taken();
        Some(commit)
    }

    /// The commit was confirmed: tells which calls may start by that.
    pub(super) fn committed(&mut self) -> impl Iterator<Item = Ready> {
        let released = self.gate.committed();
        released.into_iter().filter_map(|offset| self.ready(offset))
    }

    pub(super) fn commit_failed(&mut self) {
        self.progress.commit_failed();
        self.gate.commit_failed();
    }

    pub(super) fn flow(&mut self, limits: &Limits) -> Option<Flow> {
        if self.revoked {
            return None;
        }
        let (calls, bytes) = (self.waiting.len(), self.waiting_bytes);
        let full =
            calls >= limits.queued_calls || bytes >= limits.queued_bytes || !self.progress.room();
        let relieved = calls <= limits.queued_calls / 2
            && bytes <= limits.queued_bytes / 2
            && self.progress.half_free();
        let (paused, flow) = match self.paused {
            false => (full, Flow::Pause),
            true => (!relieved, Flow::Resume),
        };
        let changed = paused != self.paused;
        self.paused = paused;
        changed.then_some(flow)
    }

    pub(super) fn unfinished(&self) -> i64 {
        self.progress.unfinished()
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn unsettled(&self) -> usize {
        self.unsettled.len()
    }

    /// A waiting call, if it may start: it is the first of its key, and not held for a commit.
    fn ready(&self, offset: i64) -> Option<Ready> {
        let call = self.waiting.get(&offset)?;
        let first = call
            .key
            .as_ref()
            .is_none_or(|key| self.keys.is_first(key, offset));
        let partition = self.id;
        (first && !self.gate.holds(offset)).then_some((call.turn, Ticket { partition, offset }))
    }

    fn leave_key(&mut self, key: Option<Bytes>, offset: i64) -> Option<Ready> {
        let next = self.keys.leave(&key?, offset)?;
        self.ready(next)
    }

    fn forget_id(&mut self, id: Option<I>, offset: i64) {
        if let Some(id) = id
            && self.offset_of(&id) == Some(offset)
        {
            self.ids.remove(&id);
        }
    }

    #[cfg(test)]
    pub(super) fn holds_nothing(&self) -> bool {
        let gate = self.gate.is_empty();
        gate && self.waiting() == 0
            && self.is_drained()
            && self.keys.is_empty()
            && self.ids.is_empty()
    }
}

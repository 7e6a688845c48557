mod postponed;

use std::collections::hash_map::Entry;
use std::hash::Hash;

use bytes::Bytes;
use tokio::time::Instant;

use super::gate::CommitGate;
use super::keys::KeyQueues;
use super::{Flow, Limits, PartitionId, Submission, Ticket, Turn};
use crate::Delivery;
use crate::hashing::HashMap;
use crate::server::progress::{Arrival, Commit, Progress};

/// The calls of one partition.
#[derive(Debug)]
pub(super) struct Partition<C, I> {
    id: PartitionId,
    progress: Progress,
    /// By their offsets, from their submission until they are settled.
    calls: HashMap<i64, Call<C, I>>,
    waiting: usize,
    waiting_bytes: usize,
    running: usize,
    /// The keyed calls that wait or run.
    keys: KeyQueues,
    /// The calls that wait or run. Of calls with one id, the last.
    ids: HashMap<I, i64>,
    gate: CommitGate,
    /// When the waiting calls are due that may not start before.
    postponed: HashMap<i64, Instant>,
    /// What calls take up until they are settled, where that is more than their replies.
    held: HashMap<i64, usize>,
    held_bytes: usize,
    /// Records that are finished with another one.
    attached: HashMap<i64, Vec<i64>>,
    revoked: bool,
    paused: bool,
    /// Whether it is among those of which [`flow`](Self::flow) is to be asked.
    pub(super) touched: bool,
}

#[derive(Debug)]
struct Call<C, I> {
    key: Option<Bytes>,
    id: Option<I>,
    phase: Phase<C>,
}

#[derive(Debug)]
enum Phase<C> {
    Waiting(Waiting<C>),
    Running {
        /// The reply was acknowledged before the end of the handler was reported.
        settled: bool,
    },
    Unsettled,
}

#[derive(Debug)]
struct Waiting<C> {
    turn: Turn,
    bytes: usize,
    call: C,
}

/// A call that may start.
pub(super) type Ready = (Turn, Ticket);

/// A waiting call that will not start.
pub(super) struct Withdrawn<C> {
    pub(super) turn: Turn,
    /// When it was to start at the earliest, if it was postponed.
    pub(super) due: Option<Instant>,
    pub(super) call: C,
    /// What may start in its place.
    pub(super) next: Option<Ready>,
}

impl<C, I: Eq + Hash + Clone> Partition<C, I> {
    pub(super) fn new(id: PartitionId, progress: Progress) -> Self {
        Self {
            id,
            progress,
            calls: HashMap::default(),
            waiting: 0,
            waiting_bytes: 0,
            running: 0,
            keys: KeyQueues::default(),
            ids: HashMap::default(),
            gate: CommitGate::default(),
            postponed: HashMap::default(),
            held: HashMap::default(),
            held_bytes: 0,
            attached: HashMap::default(),
            revoked: false,
            paused: false,
            touched: false,
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
        let waits = match self.calls.get(&call).map(|call| &call.phase) {
            Some(Phase::Waiting(_)) => true,
            Some(Phase::Running { settled }) => !settled,
            Some(Phase::Unsettled) | None => false,
        };
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
        let first = key
            .as_ref()
            .is_none_or(|key| self.keys.join(key.clone(), offset));
        if let Some(id) = &id {
            self.ids.insert(id.clone(), offset);
        }
        self.waiting += 1;
        self.waiting_bytes += bytes;
        let phase = Phase::Waiting(Waiting { turn, bytes, call });
        self.calls.insert(offset, Call { key, id, phase });
        let may_start = first && !self.gate.holds(offset);
        Ok(may_start.then(|| (turn, self.ticket(offset))))
    }

    pub(super) fn start(&mut self, offset: i64) -> Option<C> {
        let phase = &mut self.calls.get_mut(&offset)?.phase;
        if !matches!(phase, Phase::Waiting(_)) {
            return None;
        }
        let Phase::Waiting(Waiting { bytes, call, .. }) =
            std::mem::replace(phase, Phase::Running { settled: false })
        else {
            return None;
        };
        self.waiting -= 1;
        self.waiting_bytes -= bytes;
        self.running += 1;
        Some(call)
    }

    /// Ends a running call, and tells which one may start in its place. `None` where it does not
    /// run.
    pub(super) fn finish(&mut self, offset: i64) -> Option<Option<Ready>> {
        let call = self.calls.get_mut(&offset)?;
        let Phase::Running { settled } = call.phase else {
            return None;
        };
        let (id, key) = (call.id.take(), call.key.take());
        if settled {
            self.calls.remove(&offset);
        } else {
            call.phase = Phase::Unsettled;
        }
        self.running -= 1;
        self.forget_id(id, offset);
        Some(self.leave_key(key, offset))
    }

    pub(super) fn settle(&mut self, offset: i64) {
        let Entry::Occupied(mut call) = self.calls.entry(offset) else {
            return;
        };
        match &mut call.get_mut().phase {
            Phase::Waiting(_) => return,
            Phase::Running { settled } => *settled = true,
            Phase::Unsettled => {
                call.remove();
            }
        }
        self.let_go(offset);
        self.complete(offset);
    }

    /// Waits for the call no longer, without its offset being finished.
    pub(super) fn abandon(&mut self, offset: i64) {
        if let Entry::Occupied(call) = self.calls.entry(offset)
            && matches!(call.get().phase, Phase::Unsettled)
        {
            call.remove();
            self.let_go(offset);
        }
    }

    pub(super) fn offset_of(&self, id: &I) -> Option<i64> {
        self.ids.get(id).copied()
    }

    /// Takes a waiting call out for good: its offset is finished.
    pub(super) fn withdraw(&mut self, offset: i64) -> Option<Withdrawn<C>> {
        self.waiting_call(offset)?;
        let Call {
            key,
            id,
            phase: Phase::Waiting(Waiting { turn, bytes, call }),
        } = self.calls.remove(&offset)?
        else {
            return None;
        };
        self.waiting -= 1;
        self.waiting_bytes -= bytes;
        self.forget_id(id, offset);
        self.gate.forget(offset);
        let due = self.postponed.remove(&offset);
        self.complete(offset);
        let next = self.leave_key(key, offset);
        Some(Withdrawn {
            turn,
            due,
            call,
            next,
        })
    }

    /// Takes all waiting calls out and leaves them to the next owner, also those that were to run
    /// at most once: they never started here.
    pub(super) fn revoke(&mut self) -> Vec<(Turn, C)> {
        self.revoked = true;
        self.keys = KeyQueues::default();
        self.gate = CommitGate::default();
        self.postponed = HashMap::default();
        self.waiting_bytes = 0;
        let mut withdrawn = Vec::with_capacity(std::mem::take(&mut self.waiting));
        let waits = |_: &i64, call: &mut Call<C, I>| matches!(call.phase, Phase::Waiting(_));
        for (offset, call) in self.calls.extract_if(waits) {
            forget_id(&mut self.ids, call.id, offset);
            #[cfg(feature = "__simulated")]
            if crate::simulation::planted(crate::simulation::Bug::DrainFinishes) {
                self.progress.complete(offset);
            }
            self.progress.reopen(offset);
            if let Phase::Waiting(Waiting { turn, call, .. }) = call.phase {
                withdrawn.push((turn, call));
            }
        }
        withdrawn.sort_unstable_by_key(|(turn, _)| *turn);
        withdrawn
    }

    /// The calls that run, whose ends are still to be reported.
    pub(super) fn running(&self) -> impl Iterator<Item = Ticket> {
        let running = |call: &Call<C, I>| matches!(call.phase, Phase::Running { .. });
        self.calls
            .iter()
            .filter(move |(_, call)| running(call))
            .map(|(&offset, _)| self.ticket(offset))
    }

    pub(super) fn runs(&self, offset: i64) -> bool {
        let call = self.calls.get(&offset);
        call.is_some_and(|call| matches!(call.phase, Phase::Running { .. }))
    }

    pub(super) fn is_drained(&self) -> bool {
        self.calls.len() == self.waiting
    }

    pub(super) fn has_commit(&self) -> bool {
        self.progress.has_commit()
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
        let (calls, bytes) = (self.waiting, self.waiting_bytes + self.held_bytes);
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
        self.waiting
    }

    pub(super) fn unsettled(&self) -> usize {
        self.calls.len() - self.waiting - self.running
    }

    fn ticket(&self, offset: i64) -> Ticket {
        let partition = self.id;
        Ticket { partition, offset }
    }

    fn waiting_call(&self, offset: i64) -> Option<(&Option<Bytes>, Turn)> {
        match self.calls.get(&offset)? {
            Call {
                key,
                phase: Phase::Waiting(waiting),
                ..
            } => Some((key, waiting.turn)),
            _ => None,
        }
    }

    /// A waiting call, if it may start: it is the first of its key, and not held for a commit.
    fn ready(&self, offset: i64) -> Option<Ready> {
        let (key, turn) = self.waiting_call(offset)?;
        let first = key
            .as_ref()
            .is_none_or(|key| self.keys.is_first(key, offset));
        let held = self.gate.holds(offset) || self.postponed.contains_key(&offset);
        (first && !held).then(|| (turn, self.ticket(offset)))
    }

    fn leave_key(&mut self, key: Option<Bytes>, offset: i64) -> Option<Ready> {
        let next = self.keys.leave(&key?, offset)?;
        self.ready(next)
    }

    fn forget_id(&mut self, id: Option<I>, offset: i64) {
        forget_id(&mut self.ids, id, offset);
    }

    #[cfg(test)]
    pub(super) fn holds_nothing(&self) -> bool {
        let calls = self.calls.is_empty() && self.keys.is_empty() && self.ids.is_empty();
        let rare = self.postponed.is_empty() && self.held.is_empty() && self.held_bytes == 0;
        calls && rare && self.gate.is_empty()
    }
}

/// Unless a later call has the id.
fn forget_id<I: Eq + Hash>(ids: &mut HashMap<I, i64>, id: Option<I>, offset: i64) {
    if let Some(id) = id
        && let Entry::Occupied(last) = ids.entry(id)
        && *last.get() == offset
    {
        last.remove();
    }
}

//! Which calls run, and when.

mod commits;
mod drain;
mod gate;
mod keys;
mod partition;
mod postponed;
mod ready;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;

use bytes::Bytes;
use tokio::time::Instant;

use self::commits::InFlight;
use self::partition::Partition;
use self::ready::ReadyCalls;
use super::progress::{Arrival, Progress};
use crate::Delivery;
use crate::hashing::HashSet;

/// The calls of one consumer group, from the record's arrival to the reply's acknowledgement, in
/// all partitions that this process owns. Events come in, and what is to be done comes out; the
/// owner does it.
///
/// A call that [arrived](Self::arrive) to be handled is [submitted](Self::submit) or
/// [skipped](Self::skip). A submitted call waits until it is [started](Self::start), is
/// [finished](Self::finished) when its handler ends, and [settled](Self::settled) when its reply is
/// acknowledged. A waiting call leaves early when it is [cancelled](Self::cancel) or its partition
/// is [revoked](Self::revoke). A running call that is to be handled again is
/// [postponed](Self::postpone): it waits anew, and may start when it is [due](Self::wake).
///
/// - No more calls run than `concurrency`, those of partitions that were given up among them.
/// - Of the calls of a partition with one key, one runs at a time, in the order in which they were
///   submitted.
/// - An at-most-once call starts only after a commit that counts it as finished was confirmed.
/// - Of the calls that may start, the one that was submitted or postponed first does, whatever its
///   partition.
///   What waits in a partition is bounded, so no partition can hold up the others for long.
/// - An event that names a partition which was given up, or a call in it, changes nothing but the
///   number of calls that run. Ids are never used twice, so this holds also when the partition has
///   come back.
///
/// No event of a call looks at other calls than its neighbours.
#[derive(Debug)]
pub(crate) struct Dispatch<C, I> {
    limits: Limits,
    partitions: BTreeMap<PartitionId, Partition<C, I>>,
    /// The waiting calls that may start.
    ready: ReadyCalls,
    /// The waiting calls that were postponed, by when they are due.
    postponed: BTreeSet<(Instant, Ticket)>,
    running: usize,
    /// Those among the running calls whose partitions were given up.
    left_behind: HashSet<Ticket>,
    /// The partitions that may have to be paused or resumed.
    touched: Vec<PartitionId>,
    in_flight: Option<InFlight>,
    next_partition: u64,
    next_turn: Turn,
    next_batch: u64,
}

/// One assignment of a partition to this process. When the partition comes back it gets a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PartitionId(u64);

impl PartitionId {
    /// For those who can carry a number only.
    pub(crate) fn to_bits(self) -> u64 {
        self.0
    }

    /// Back from [`to_bits`](Self::to_bits).
    pub(crate) fn from_bits(bits: u64) -> Self {
        Self(bits)
    }
}

/// A call that was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ticket {
    pub(crate) partition: PartitionId,
    pub(crate) offset: i64,
}

/// The place of a call among all that were submitted.
type Turn = u64;

/// What a server takes on. A limit of 0 counts as 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// How many calls run at a time.
    pub(crate) concurrency: usize,
    /// How many calls of one partition wait before it is paused.
    pub(crate) queued_calls: usize,
    /// How many bytes the waiting calls of one partition take before it is paused.
    pub(crate) queued_bytes: usize,
}

/// A call that is to be handled.
#[derive(Debug)]
pub(crate) struct Submission<C, I> {
    /// Calls with one key run in order. `None`: in no order.
    pub(crate) key: Option<Bytes>,
    /// What a cancel will name.
    pub(crate) id: Option<I>,
    /// What the call takes up while it waits.
    pub(crate) bytes: usize,
    pub(crate) delivery: Delivery,
    pub(crate) call: C,
}

/// What became of a call that was cancelled.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cancelled<C> {
    /// It was waiting. It is finished, and will not start.
    Waiting(C),
    /// It is running: end its handler, then report it finished and settled as any other.
    Running(Ticket),
    /// No such call waits or runs.
    Unknown,
}

/// What a partition has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// Fetch no more.
    Pause,
    /// Fetch again.
    Resume,
}

impl<C, I: Eq + Hash + Clone> Dispatch<C, I> {
    /// Owns no partition yet.
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits: Limits {
                concurrency: limits.concurrency.max(1),
                queued_calls: limits.queued_calls.max(1),
                queued_bytes: limits.queued_bytes.max(1),
            },
            partitions: BTreeMap::new(),
            ready: ReadyCalls::default(),
            postponed: BTreeSet::new(),
            running: 0,
            left_behind: HashSet::default(),
            touched: Vec::new(),
            in_flight: None,
            next_partition: 0,
            next_turn: 0,
            next_batch: 0,
        }
    }

    /// Takes a partition over. An earlier assignment of it has to be [released](Self::release), and
    /// its last commit made, before `progress` is read.
    pub(crate) fn assign(&mut self, progress: Progress) -> PartitionId {
        let id = PartitionId(self.next_partition);
        self.next_partition += 1;
        self.partitions.insert(id, Partition::new(id, progress));
        id
    }

    /// The next record of a partition. [`Arrival::Handle`] is followed by exactly one of
    /// [`submit`](Self::submit) and [`skip`](Self::skip). `None`: the partition is being given up,
    /// so the record is its next owner's.
    pub(crate) fn arrive(&mut self, id: PartitionId, offset: i64) -> Option<Arrival> {
        let partition = self.partitions.get_mut(&id)?;
        touch(&mut self.touched, id, partition);
        partition.arrive(offset)
    }

    /// Steps past a record: it is finished without a call. One that is refused may be skipped when
    /// its refusal is acknowledged, but [`drained`](Self::drained) does not wait for that.
    pub(crate) fn skip(&mut self, id: PartitionId, offset: i64) {
        if let Some(partition) = self.partitions.get_mut(&id) {
            touch(&mut self.touched, id, partition);
            partition.skip(offset);
        }
    }

    /// Records that belong to the one at `offset`: they are finished when that is. It comes before
    /// the record is [submitted](Self::submit) or [skipped](Self::skip).
    pub(crate) fn attach(&mut self, id: PartitionId, offset: i64, parts: Vec<i64>) {
        if let Some(partition) = self.partitions.get_mut(&id) {
            partition.attach(offset, parts);
        }
    }

    /// A record that belongs to the call at `call`: it is finished when that is, or at once where
    /// that is finished, or no call.
    pub(crate) fn skip_with(&mut self, id: PartitionId, offset: i64, call: i64) {
        if let Some(partition) = self.partitions.get_mut(&id) {
            touch(&mut self.touched, id, partition);
            partition.skip_with(offset, call);
        }
    }

    /// Queues a call. Calls of a partition are submitted in the order in which they arrived.
    ///
    /// Gives the call back when its partition is being given up: it is the next owner's. An
    /// at-most-once call needs a commit to start, so one should be made soon.
    pub(crate) fn submit(
        &mut self,
        id: PartitionId,
        offset: i64,
        submission: Submission<C, I>,
    ) -> Result<(), C> {
        let Some(partition) = self.partitions.get_mut(&id) else {
            return Err(submission.call);
        };
        let ready = partition.submit(offset, self.next_turn, submission)?;
        self.next_turn += 1;
        touch(&mut self.touched, id, partition);
        self.ready.extend(ready);
        Ok(())
    }

    /// Starts the next call, if one may run. It counts as running until it is
    /// [finished](Self::finished).
    pub(crate) fn start(&mut self) -> Option<(Ticket, C)> {
        if self.running >= self.limits.concurrency {
            return None;
        }
        let ticket = self.ready.pop()?;
        let partition = self.partitions.get_mut(&ticket.partition)?;
        let call = partition.start(ticket.offset)?;
        self.running += 1;
        touch(&mut self.touched, ticket.partition, partition);
        Some((ticket, call))
    }

    /// The handler of a call ended: others may run, also such with its key.
    pub(crate) fn finished(&mut self, ticket: Ticket) {
        match self.partitions.get_mut(&ticket.partition) {
            Some(partition) => {
                if let Some(next) = partition.finish(ticket.offset) {
                    self.running -= 1;
                    self.ready.extend(next);
                }
            }
            None if self.left_behind.remove(&ticket) => self.running -= 1,
            None => {}
        }
    }

    /// The reply of a call was acknowledged, or given up: its offset is finished.
    pub(crate) fn settled(&mut self, ticket: Ticket) {
        if let Some(partition) = self.partitions.get_mut(&ticket.partition) {
            touch(&mut self.touched, ticket.partition, partition);
            partition.settle(ticket.offset);
        }
    }

    /// The handler of a call was lost half-way: its offset is not finished, and left to the
    /// partition's next owner.
    pub(crate) fn abandoned(&mut self, ticket: Ticket) {
        self.finished(ticket);
        if let Some(partition) = self.partitions.get_mut(&ticket.partition) {
            partition.abandon(ticket.offset);
        }
    }

    /// Its caller has no more use for the call with this id.
    pub(crate) fn cancel(&mut self, id: PartitionId, call: &I) -> Cancelled<C> {
        let Some(partition) = self.partitions.get_mut(&id) else {
            return Cancelled::Unknown;
        };
        let Some(offset) = partition.offset_of(call) else {
            return Cancelled::Unknown;
        };
        let Some(withdrawn) = partition.withdraw(offset) else {
            return Cancelled::Running(Ticket {
                partition: id,
                offset,
            });
        };
        touch(&mut self.touched, id, partition);
        self.ready.remove(withdrawn.turn);
        self.forget_postponed(withdrawn.due, id, offset);
        self.ready.extend(withdrawn.next);
        Cancelled::Waiting(withdrawn.call)
    }

    /// Which partitions have to be paused or resumed, since this was last asked.
    ///
    /// A partition is paused when as many calls or bytes wait as the limits say, or when its commit
    /// might outgrow its room, and resumed when it is down to half of each. Ask after the calls
    /// that can start have been started, else a burst that fits the concurrency pauses its
    /// partition.
    pub(crate) fn flow(&mut self) -> Vec<(PartitionId, Flow)> {
        let mut changes = Vec::new();
        for id in self.touched.drain(..) {
            if let Some(partition) = self.partitions.get_mut(&id) {
                partition.touched = false;
                let flow = partition.flow(&self.limits);
                changes.extend(flow.map(|flow| (id, flow)));
            }
        }
        changes
    }

    /// Whether the assignment has not been [released](Self::release).
    pub(crate) fn owns(&self, id: PartitionId) -> bool {
        self.partitions.contains_key(&id)
    }

    /// Whether the call was started, and has not ended.
    pub(crate) fn runs(&self, ticket: Ticket) -> bool {
        match self.partitions.get(&ticket.partition) {
            Some(partition) => partition.runs(ticket.offset),
            None => self.left_behind.contains(&ticket),
        }
    }

    /// The lowest offset of a partition that is not finished.
    pub(crate) fn unfinished(&self, id: PartitionId) -> Option<i64> {
        self.partitions.get(&id).map(Partition::unfinished)
    }

    /// How many of the waiting calls may start, as far as the concurrency allows.
    pub(crate) fn ready(&self) -> usize {
        self.ready.len()
    }

    /// How many handlers run.
    pub(crate) fn running(&self) -> usize {
        self.running
    }

    /// How many calls wait for their start.
    pub(crate) fn waiting(&self) -> usize {
        self.partitions.values().map(Partition::waiting).sum()
    }

    /// How many calls wait for the acknowledgement of their reply.
    pub(crate) fn unsettled(&self) -> usize {
        self.partitions.values().map(Partition::unsettled).sum()
    }
}

/// Has [`Dispatch::flow`] ask the partition.
fn touch<C, I>(touched: &mut Vec<PartitionId>, id: PartitionId, partition: &mut Partition<C, I>) {
    if !std::mem::replace(&mut partition.touched, true) {
        touched.push(id);
    }
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

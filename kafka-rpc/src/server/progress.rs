//! Which calls of one partition are finished.

mod metadata;

use std::collections::{BTreeSet, VecDeque};

use crate::transport::CommittedOffset;

/// How many records of a partition may still arrive after [`Progress::room`] has become false:
/// those that were fetched before the pause took effect.
pub(crate) const MAX_OVERSHOOT: usize = 512;

/// What the encoding may come to while records are let in. The rest is kept for those that
/// overshoot, which take a byte each, and for gaps in front of some of them, which can take a few
/// more.
const ROOM: usize = metadata::CAPACITY - MAX_OVERSHOOT - 64;

/// Which offsets of one partition are finished, from one assignment to the next.
///
/// Calls finish out of order, so a commit is the lowest unfinished offset and, in its metadata,
/// which later ones are unfinished. Who resumes from it handles exactly those again, and all that
/// came after.
///
/// - Every offset below `next` that is not in `open` is finished: handled, claimed, or absent from
///   the log.
/// - What is `open` at `position` or above was left unfinished by an earlier owner and is still to
///   arrive.
/// - A commit always fits Kafka's limit. It tells everything as long as no more than
///   [`MAX_OVERSHOOT`] records arrive where there is no [`room`](Self::room); beyond that it leaves
///   out what it can't hold, so that calls are repeated, but none is lost.
#[derive(Debug)]
pub(crate) struct Progress {
    /// In order. Most come at its back and leave at its front.
    open: VecDeque<i64>,
    claimed: BTreeSet<i64>,
    /// One past the highest offset of which anything is known.
    next: i64,
    /// One past the last offset that arrived in this life.
    position: i64,
    /// Whether the commit may differ from the last one that was taken.
    dirty: bool,
}

/// What to do with a record that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// Handle it: it is open until it is completed.
    Handle,
    /// It was finished under an earlier owner.
    AlreadyDone,
    /// It arrived before in this life.
    Repeat,
}

/// What to commit for a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commit {
    pub(crate) offset: i64,
    /// At most 4,096 bytes; empty when nothing after `offset` is finished.
    pub(crate) metadata: String,
}

impl From<Commit> for CommittedOffset {
    fn from(commit: Commit) -> Self {
        Self {
            offset: commit.offset,
            metadata: commit.metadata,
        }
    }
}

impl Progress {
    /// Nothing is known: everything from `offset` on is to be handled.
    pub(crate) fn start(offset: i64) -> Self {
        let offset = offset.max(0);
        Self {
            open: VecDeque::new(),
            claimed: BTreeSet::new(),
            next: offset,
            position: offset,
            dirty: false,
        }
    }

    /// Goes on from a commit. Metadata that is empty, damaged or another program's tells nothing,
    /// so everything from `committed` on is to be handled.
    pub(crate) fn resume(committed: i64, metadata: &str) -> Self {
        let start = Self::start(committed);
        match metadata::decode(start.position, metadata) {
            Some((open, next)) => Self {
                open,
                next,
                ..start
            },
            None => start,
        }
    }

    /// Where to fetch from.
    pub(crate) fn start_offset(&self) -> i64 {
        self.position
    }

    /// The lowest offset that is not finished.
    pub(crate) fn unfinished(&self) -> i64 {
        #[cfg(feature = "__simulated")]
        if crate::simulation::planted(crate::simulation::Bug::ProgressPasses) {
            return self.next;
        }
        self.open.front().copied().unwrap_or(self.next)
    }

    /// The next record of the partition. Offsets that it leaves out (compaction, retention,
    /// transaction markers) will never arrive, and count as finished.
    pub(crate) fn arrive(&mut self, offset: i64) -> Arrival {
        if offset < self.position {
            return Arrival::Repeat;
        }
        if offset > self.position {
            self.step_over(offset);
        }
        self.position = offset.saturating_add(1);
        if offset < self.next {
            return match self.open.binary_search(&offset) {
                Ok(_) => Arrival::Handle,
                Err(_) => Arrival::AlreadyDone,
            };
        }
        self.dirty |= offset > self.next;
        self.open.push_back(offset);
        self.next = self.position;
        Arrival::Handle
    }

    /// What is left out before `offset` will never arrive.
    fn step_over(&mut self, offset: i64) {
        let gone = self.open.partition_point(|&open| open < self.position)
            ..self.open.partition_point(|&open| open < offset);
        self.dirty |= !gone.is_empty();
        self.open.drain(gone);
    }

    /// False where it is not open.
    fn close(&mut self, offset: i64) -> bool {
        if self.open.front() == Some(&offset) {
            self.open.pop_front();
            return true;
        }
        let place = self.open.binary_search(&offset);
        place.is_ok_and(|place| self.open.remove(place).is_some())
    }

    /// The call is finished. False if it was before.
    pub(crate) fn complete(&mut self, offset: i64) -> bool {
        let was_open = self.close(offset);
        self.dirty |= was_open;
        was_open || self.claimed.remove(&offset)
    }

    /// From the next commit on the call counts as finished, although it is yet to be handled. Until
    /// it is completed it takes up room and can be [reopened](Self::reopen). False if it is not
    /// open.
    pub(crate) fn claim(&mut self, offset: i64) -> bool {
        let was_open = self.close(offset);
        if was_open {
            self.claimed.insert(offset);
            self.dirty = true;
        }
        was_open
    }

    /// Takes a claim back: the call was not started, and is left to the partition's next owner.
    pub(crate) fn reopen(&mut self, offset: i64) {
        if self.claimed.remove(&offset)
            && let Err(place) = self.open.binary_search(&offset)
        {
            self.open.insert(place, offset);
            self.dirty = true;
        }
    }

    /// What to commit, if that changed since it was last taken. Commits have to reach the broker in
    /// the order in which they are taken.
    pub(crate) fn take_commit(&mut self) -> Option<Commit> {
        std::mem::take(&mut self.dirty).then(|| Commit {
            offset: self.unfinished(),
            metadata: metadata::encode(self.open.iter().copied(), self.next),
        })
    }

    /// Whether there is a commit to take.
    pub(crate) fn has_commit(&self) -> bool {
        self.dirty
    }

    /// The commit that was last taken may not have reached the broker: it is to be taken again.
    pub(crate) fn commit_failed(&mut self) {
        self.dirty = true;
    }

    /// Whether records may arrive, that is, whether commits will fit in whatever order the calls
    /// finish.
    pub(crate) fn room(&self) -> bool {
        self.rereads() || self.worst_case() <= ROOM
    }

    /// Whether half of the room is free.
    pub(crate) fn half_free(&self) -> bool {
        self.rereads() || self.worst_case() <= ROOM / 2
    }

    /// What arrives is known from an earlier life and takes up no room. Without this exception a
    /// commit that was nearly full could never be resumed: what is open in it has to arrive before
    /// it can finish.
    fn rereads(&self) -> bool {
        self.position.saturating_add(MAX_OVERSHOOT as i64) <= self.next
    }

    fn worst_case(&self) -> usize {
        let first = self.open.front().into_iter().chain(self.claimed.first());
        let lowest = first.min().unwrap_or(&self.next);
        metadata::max_len(
            self.open.len() + self.claimed.len(),
            self.next.abs_diff(*lowest),
        )
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

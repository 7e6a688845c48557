//! The calls of a channel that have no outcome yet.

use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::collections::{BinaryHeap, HashMap};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};

use tokio::time::Instant;

/// The calls without an outcome: who waits for each, and until when.
///
/// A waiter leaves by exactly one of [`complete`](Self::complete), [`expire`](Self::expire) and
/// [`drain`](Self::drain), and whoever takes it owns the call's outcome. So a reply that comes
/// together with the deadline, or with a cancel, can't be told twice.
///
/// Every waiter has its deadline in `deadlines`. A call that completes leaves its own behind there,
/// to be swept up with many others: most calls have the same timeout, and then to add a deadline
/// costs next to nothing and to look for it would cost most. Those left behind are never more than
/// those that wait, but for a few.
#[derive(Debug)]
pub(crate) struct PendingCalls<W> {
    limit: usize,
    waiters: HashMap<u128, (Instant, W), BuildHasherDefault<IdHasher>>,
    /// The earliest first.
    deadlines: BinaryHeap<Reverse<(Instant, u128)>>,
}

/// How many deadlines may be left behind whatever the number of calls that wait.
const LEFT_BEHIND: usize = if cfg!(test) { 8 } else { 256 };

impl<W> PendingCalls<W> {
    /// A table of at most `limit` calls.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            waiters: HashMap::default(),
            deadlines: BinaryHeap::new(),
        }
    }

    /// How many calls have no outcome yet.
    #[cfg(any(test, feature = "__simulated"))]
    pub(crate) fn len(&self) -> usize {
        self.waiters.len()
    }

    /// Adds a call, and tells whether its deadline became the earliest: then the timer has to be
    /// set anew.
    ///
    /// Gives the waiter back when the table is full, or when `id` is already in it.
    pub(crate) fn insert(&mut self, id: u128, deadline: Instant, waiter: W) -> Result<bool, W> {
        if self.waiters.len() >= self.limit {
            return Err(waiter);
        }
        let Entry::Vacant(vacant) = self.waiters.entry(id) else {
            return Err(waiter);
        };
        vacant.insert((deadline, waiter));
        let earliest = self.next_deadline().is_none_or(|next| deadline < next);
        self.deadlines.push(Reverse((deadline, id)));
        Ok(earliest)
    }

    /// Takes the waiter of a call that was answered, has failed or was cancelled. `None`: the call
    /// already had its outcome, or was never ours.
    pub(crate) fn complete(&mut self, id: u128) -> Option<W> {
        #[cfg(feature = "__simulated")]
        if crate::simulation::planted(crate::simulation::Bug::PendingMixedUp) {
            return (self.waiters.keys().max().copied())
                .and_then(|id| self.waiters.remove(&id))
                .map(|(_, waiter)| waiter);
        }
        let (_, waiter) = self.waiters.remove(&id)?;
        if self.deadlines.len() > 2 * self.waiters.len() + LEFT_BEHIND {
            let waiters = &self.waiters;
            self.deadlines
                .retain(|Reverse((deadline, id))| is_of(waiters, *id, *deadline));
        }
        Some(waiter)
    }

    /// Moves the waiters of all calls whose deadline is `now` or earlier to `out`, earliest first.
    pub(crate) fn expire(&mut self, now: Instant, out: &mut Vec<W>) {
        while let Some(&Reverse((deadline, id))) = self.deadlines.peek()
            && deadline <= now
        {
            self.deadlines.pop();
            if is_of(&self.waiters, id, deadline) {
                out.extend(self.waiters.remove(&id).map(|(_, waiter)| waiter));
            }
        }
    }

    /// When to look for calls that expire: no call does earlier.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines
            .peek()
            .map(|Reverse((deadline, _))| *deadline)
    }

    /// Takes the waiters of all calls, those with the earliest deadline first.
    pub(crate) fn drain(&mut self) -> Vec<W> {
        self.deadlines.clear();
        let mut waiters: Vec<_> = self.waiters.drain().collect();
        waiters.sort_unstable_by_key(|(id, (deadline, _))| (*deadline, *id));
        waiters.into_iter().map(|(_, (_, waiter))| waiter).collect()
    }
}

/// Whether a call waits that has this deadline; if not, the deadline was left behind.
fn is_of<W, H: BuildHasher>(
    waiters: &HashMap<u128, (Instant, W), H>,
    id: u128,
    deadline: Instant,
) -> bool {
    waiters.get(&id).is_some_and(|(own, _)| *own == deadline)
}

/// Ids are random bits that this process chose, so they are their own hash. Folding the halves
/// spreads the few fixed bits of a UUID.
#[derive(Debug, Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u128(&mut self, id: u128) {
        self.0 = (id >> 64) as u64 ^ id as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests;

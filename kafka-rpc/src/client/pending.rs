//! The calls of a channel that have no outcome yet.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use tokio::time::Instant;

/// The calls without an outcome: who waits for each, and until when.
///
/// A waiter leaves by exactly one of [`complete`](Self::complete), [`expire`](Self::expire) and
/// [`drain`](Self::drain), and whoever takes it owns the call's outcome. So a reply that comes
/// together with the deadline, or with a cancel, can't be told twice.
///
/// `waiters` and `deadlines` hold the same calls at all times: a call that completes leaves nothing
/// behind to be swept up at its deadline.
#[derive(Debug)]
pub(crate) struct PendingCalls<W> {
    limit: usize,
    waiters: HashMap<u128, (Instant, W), BuildHasherDefault<IdHasher>>,
    deadlines: BTreeSet<(Instant, u128)>,
}

impl<W> PendingCalls<W> {
    /// A table of at most `limit` calls.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            waiters: HashMap::default(),
            deadlines: BTreeSet::new(),
        }
    }

    /// How many calls have no outcome yet.
    #[cfg(test)]
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
        self.deadlines.insert((deadline, id));
        Ok(earliest)
    }

    /// Takes the waiter of a call that was answered, has failed or was cancelled. `None`: the call
    /// already had its outcome, or was never ours.
    pub(crate) fn complete(&mut self, id: u128) -> Option<W> {
        let (deadline, waiter) = self.waiters.remove(&id)?;
        self.deadlines.remove(&(deadline, id));
        Some(waiter)
    }

    /// Moves the waiters of all calls whose deadline is `now` or earlier to `out`, earliest first.
    pub(crate) fn expire(&mut self, now: Instant, out: &mut Vec<W>) {
        while self.next_deadline().is_some_and(|next| next <= now) {
            let expired = self.deadlines.pop_first();
            let call = expired.and_then(|(_, id)| self.waiters.remove(&id));
            out.extend(call.map(|(_, waiter)| waiter));
        }
    }

    /// When the next call expires.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|&(deadline, _)| deadline)
    }

    /// Takes the waiters of all calls, those with the earliest deadline first.
    pub(crate) fn drain(&mut self) -> Vec<W> {
        let mut waiters = std::mem::take(&mut self.waiters);
        std::mem::take(&mut self.deadlines)
            .into_iter()
            .filter_map(|(_, id)| waiters.remove(&id))
            .map(|(_, waiter)| waiter)
            .collect()
    }
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

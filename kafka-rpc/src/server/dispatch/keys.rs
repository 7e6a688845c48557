use std::collections::VecDeque;

use bytes::Bytes;

use crate::hashing::HashMap;

/// The offsets of one partition's keyed calls that wait or run, by key, in order. The first of a
/// key runs or is the next to run.
#[derive(Debug, Default)]
pub(super) struct KeyQueues(HashMap<Bytes, VecDeque<i64>>);

impl KeyQueues {
    /// Puts a call last, and tells whether it is the first, too.
    pub(super) fn join(&mut self, key: Bytes, offset: i64) -> bool {
        #[cfg(feature = "__simulated")]
        if crate::simulation::planted(crate::simulation::Bug::KeysIgnored) {
            return true;
        }
        let queue = self.0.entry(key).or_default();
        queue.push_back(offset);
        queue.len() == 1
    }

    pub(super) fn is_first(&self, key: &Bytes, offset: i64) -> bool {
        self.0.get(key).and_then(VecDeque::front) == Some(&offset)
    }

    /// Takes a call out, and tells which one is the first of its key now.
    pub(super) fn leave(&mut self, key: &Bytes, offset: i64) -> Option<i64> {
        let queue = self.0.get_mut(key)?;
        let place = queue.iter().position(|&queued| queued == offset)?;
        queue.remove(place);
        let first = queue.front().copied();
        if first.is_none() {
            self.0.remove(key);
        }
        first
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

use std::collections::VecDeque;
use std::collections::hash_map::Entry;

use bytes::Bytes;

use crate::hashing::HashMap;

/// The offsets of one partition's keyed calls that wait or run, by key, in order.
#[derive(Debug, Default)]
pub(super) struct KeyQueues(HashMap<Bytes, KeyQueue>);

/// The calls of one key.
#[derive(Debug)]
struct KeyQueue {
    /// It runs or is the next to run. Most of the time there is no other.
    first: i64,
    behind: VecDeque<i64>,
}

impl KeyQueues {
    /// Puts a call last, and tells whether it is the first, too.
    pub(super) fn join(&mut self, key: Bytes, offset: i64) -> bool {
        #[cfg(feature = "__simulated")]
        if crate::simulation::planted(crate::simulation::Bug::KeysIgnored) {
            return true;
        }
        match self.0.entry(key) {
            Entry::Vacant(place) => {
                place.insert(KeyQueue {
                    first: offset,
                    behind: VecDeque::new(),
                });
                true
            }
            Entry::Occupied(mut queue) => {
                queue.get_mut().behind.push_back(offset);
                false
            }
        }
    }

    pub(super) fn is_first(&self, key: &Bytes, offset: i64) -> bool {
        self.0.get(key).is_some_and(|queue| queue.first == offset)
    }

    /// Takes a call out, and tells which one is the first of its key now.
    pub(super) fn leave(&mut self, key: &Bytes, offset: i64) -> Option<i64> {
        let queue = self.0.get_mut(key)?;
        if queue.first == offset {
            let Some(next) = queue.behind.pop_front() else {
                self.0.remove(key);
                return None;
            };
            queue.first = next;
        } else {
            let place = queue.behind.iter().position(|&queued| queued == offset)?;
            queue.behind.remove(place);
        }
        Some(queue.first)
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

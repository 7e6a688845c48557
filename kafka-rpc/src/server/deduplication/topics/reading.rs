use std::hash::Hash;

use crate::hashing::HashMap;

/// Of which partitions the records are known, and who waits until they are.
#[derive(Debug)]
pub(in crate::server) struct Reading<P, W>(HashMap<P, State<W>>);

#[derive(Debug)]
enum State<W> {
    BeingRead(Vec<W>),
    Read,
}

/// What is known of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Known {
    /// All of it.
    All,
    /// Nothing, and nobody reads it: it is to be read now.
    Nothing,
    /// It is being read.
    Soon,
}

impl<P: Eq + Hash, W> Reading<P, W> {
    pub(in crate::server) fn new() -> Self {
        Self(HashMap::default())
    }

    /// A call of a partition comes; `waiter` is told when it is known, unless it is already.
    pub(in crate::server) fn arrive(&mut self, partition: P, waiter: W) -> Known {
        match self.0.get_mut(&partition) {
            Some(State::Read) => Known::All,
            Some(State::BeingRead(waiting)) => {
                waiting.push(waiter);
                Known::Soon
            }
            None => {
                self.0.insert(partition, State::BeingRead(vec![waiter]));
                Known::Nothing
            }
        }
    }

    /// A partition has been read. Tells who waited for that.
    pub(in crate::server) fn read(&mut self, partition: &P) -> Vec<W> {
        match self.0.get_mut(partition) {
            Some(state) => match std::mem::replace(state, State::Read) {
                State::BeingRead(waiting) => waiting,
                State::Read => Vec::new(),
            },
            // It was given up meanwhile.
            None => Vec::new(),
        }
    }

    /// Keeps those partitions that are ours: others are written to by their owners.
    pub(in crate::server) fn retain(&mut self, is_ours: impl Fn(&P) -> bool) {
        self.0.retain(|partition, _| is_ours(partition));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_call_has_its_partition_read_and_all_wait_for_that() {
        let mut reading = Reading::new();
        assert_eq!(reading.arrive(0, "a"), Known::Nothing);
        assert_eq!(reading.arrive(0, "b"), Known::Soon);
        assert_eq!(reading.arrive(1, "c"), Known::Nothing);
        assert_eq!(reading.read(&0), ["a", "b"]);
        assert_eq!(reading.arrive(0, "d"), Known::All);
        assert_eq!(reading.arrive(1, "e"), Known::Soon);
    }

    #[test]
    fn a_partition_that_was_given_up_is_unknown_whatever_was_read_of_it() {
        let mut reading = Reading::new();
        reading.arrive(0, "a");
        reading.retain(|partition| *partition != 0);
        assert!(reading.read(&0).is_empty());
        assert_eq!(reading.arrive(0, "b"), Known::Nothing);
        reading.read(&0);
        reading.retain(|_| false);
        assert_eq!(reading.arrive(0, "c"), Known::Nothing);
    }
}

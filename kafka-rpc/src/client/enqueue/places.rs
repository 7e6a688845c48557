use std::collections::hash_map::Entry;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::awaited::{Awaited, Step};
use crate::client::replies::Replies;
use crate::hashing::HashMap;
use crate::transport::{PartitionRef, Record, Records};

/// Whose replies are waited for, by the partition.
#[derive(Default)]
pub(super) struct Places(Mutex<HashMap<PartitionRef, Place>>);

#[derive(Default)]
struct Place {
    awaited: Awaited,
    turn: Arc<Turn>,
}

/// One at a time has a partition read from where he needs it.
#[derive(Default)]
pub(super) struct Turn {
    pub(super) taken: Arc<tokio::sync::Mutex<()>>,
    /// Something was read, for whoever has the turn.
    pub(super) progress: Notify,
}

impl Places {
    /// Somebody waits for a reply whom `waits` makes known to the reader, unless one does already.
    pub(super) fn add<T>(
        &self,
        partition: PartitionRef,
        id: u128,
        from: i64,
        waits: impl FnOnce() -> T,
    ) -> Option<T> {
        let mut places = self.0.lock();
        let is_first = places.entry(partition).or_default().awaited.add(id, from);
        // Before anything else is read, or read from elsewhere, which would take this one for served.
        is_first.then(waits)
    }

    pub(super) fn remove(&self, partition: PartitionRef, id: u128) {
        if let Entry::Occupied(mut place) = self.0.lock().entry(partition) {
            place.get_mut().awaited.remove(id);
            if place.get().awaited.len() == 0 {
                place.remove();
            }
        }
    }

    /// What is to be done for one who waits.
    pub(super) fn step(&self, partition: &PartitionRef, id: u128) -> Step {
        let places = self.0.lock();
        let place = places.get(partition);
        place.map_or(Step::Done, |place| place.awaited.step(id, Instant::now()))
    }

    pub(super) fn turn(&self, partition: &PartitionRef) -> Arc<Turn> {
        let places = self.0.lock();
        let place = places.get(partition);
        place
            .map(|place| Arc::clone(&place.turn))
            .unwrap_or_default()
    }

    /// A partition could not be read from where it should be.
    pub(super) fn failed(&self, partition: &PartitionRef) {
        if let Some(place) = self.0.lock().get_mut(partition) {
            place.awaited.failed();
        }
    }

    #[cfg(feature = "__simulated")]
    pub(super) fn count(&self) -> usize {
        let places = self.0.lock();
        places.values().map(|place| place.awaited.len()).sum()
    }

    fn read(&self, batch: &[Record]) {
        let now = Instant::now();
        let mut places = self.0.lock();
        let same = |one: &Record, other: &Record| {
            one.partition == other.partition && one.topic == other.topic
        };
        for last in batch.chunk_by(same).filter_map(<[_]>::last) {
            if let Some(place) = places.get_mut(&last.partition_ref()) {
                place.awaited.read(last.offset + 1, now);
                place.turn.progress.notify_one();
            }
        }
    }

    fn moved(&self, partition: &PartitionRef, to: i64, end: i64) {
        if let Some(place) = self.0.lock().get_mut(partition) {
            place.awaited.moved(to, end, Instant::now());
        }
    }
}

/// Keeps the places up with what the replies are read from.
pub(super) struct Reading {
    pub(super) places: Arc<Places>,
    pub(super) replies: Replies,
}

impl Records for Reading {
    fn records(&mut self, batch: &mut [Record]) {
        // First: who begins to wait from now on is told that these are read past.
        self.places.read(batch);
        self.replies.records(batch);
    }

    fn moved(&mut self, partition: &PartitionRef, to: i64, end: i64) {
        self.places.moved(partition, to, end);
    }
}

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::log::Log;
use crate::transport::{PartitionRef, Record, TransportError};

/// Partitions that are read, each from a position of its own.
pub(super) struct Reader {
    log: Arc<Log>,
    /// Wakes the one task that reads.
    woken: Arc<Notify>,
    positions: Mutex<Vec<Position>>,
    /// Where partitions are to be read from, and are not yet.
    moves: Mutex<Vec<(PartitionRef, i64)>>,
}

struct Position {
    partition: PartitionRef,
    next: i64,
    paused: bool,
}

impl Reader {
    pub(super) fn new(log: Arc<Log>) -> Self {
        Self {
            log,
            woken: Arc::default(),
            positions: Mutex::default(),
            moves: Mutex::default(),
        }
    }

    /// Reads a partition too, from an offset on or, without one, from its present end. One that is
    /// read already goes on where it is.
    pub(super) fn follow(
        &self,
        partition: PartitionRef,
        from: Option<i64>,
    ) -> Result<(), TransportError> {
        let mut positions = self.positions.lock();
        if positions.iter().any(|known| known.partition == partition) {
            return Ok(());
        }
        let end = self.log.follow(&partition, &self.woken)?;
        positions.push(Position {
            partition,
            next: from.unwrap_or(end),
            paused: false,
        });
        // What is there already wakes nobody.
        self.woken.notify_one();
        Ok(())
    }

    /// Goes on at another offset, from [`moves`](Self::moves) on.
    pub(super) fn read_from(
        &self,
        partition: PartitionRef,
        offset: i64,
    ) -> Result<(), TransportError> {
        self.follow(partition.clone(), Some(offset))?;
        self.moves.lock().push((partition, offset));
        self.woken.notify_one();
        Ok(())
    }

    /// Which partitions are read from another offset now, that offset, and where they end. For the task
    /// that takes records.
    pub(super) fn moves(&self) -> Vec<(PartitionRef, i64, i64)> {
        let moves = std::mem::take(&mut *self.moves.lock());
        let mut positions = self.positions.lock();
        let made = moves.into_iter().filter_map(|(partition, to)| {
            let mut known = positions.iter_mut();
            known.find(|known| known.partition == partition)?.next = to;
            let end = self.log.bounds(&partition).ok()?.end;
            Some((partition, to, end))
        });
        made.collect()
    }

    /// The offset that is read next.
    pub(super) fn position(&self, partition: &PartitionRef) -> Option<i64> {
        let positions = self.positions.lock();
        let known = positions.iter().find(|known| known.partition == *partition);
        known.map(|known| known.next)
    }

    /// Stops or goes on handing over records of these partitions.
    pub(super) fn pause(&self, partitions: &[PartitionRef], paused: bool) {
        for position in &mut *self.positions.lock() {
            if partitions.contains(&position.partition) {
                position.paused = paused;
            }
        }
        if !paused && !partitions.is_empty() {
            self.woken.notify_one();
        }
    }

    /// Takes at most so many records, in their order within each partition.
    pub(super) fn take(&self, most: usize, batch: &mut Vec<Record>) {
        let mut positions = self.positions.lock();
        for position in positions.iter_mut().filter(|position| !position.paused) {
            let before = batch.len();
            let room = most.saturating_sub(before);
            self.log
                .read(&position.partition, position.next, room, batch);
            if let Some(last) = batch[before..].last() {
                position.next = last.offset + 1;
            }
        }
        if batch.len() >= most && !positions.is_empty() {
            // Else those at the front could keep the others from being read.
            positions.rotate_left(1);
        }
    }

    /// Waits until there may be something to take, since it was last waited for.
    pub(super) async fn woken(&self) {
        self.woken.notified().await;
    }
}

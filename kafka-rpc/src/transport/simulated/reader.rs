use std::sync::Arc;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::broker::{RETRY, State};
use crate::simulation::Process;
use crate::transport::{PartitionRef, Record, TransportError};

/// The most records of a partition that come at a time.
const MOST: u64 = 16;

/// Partitions that are read, each from a position of its own and at a pace of its own.
pub(super) struct Reader {
    process: Option<Process>,
    /// Wakes the one task that reads.
    pub(super) woken: Arc<Notify>,
    positions: Vec<Position>,
    /// Where partitions are read from by now, which is yet to be told.
    moves: Vec<(PartitionRef, i64, i64)>,
}

struct Position {
    partition: PartitionRef,
    /// Where it began.
    from: i64,
    next: i64,
    paused: bool,
    /// When records come that are on their way.
    arrive: Option<Instant>,
}

impl Reader {
    pub(super) fn new(process: Option<Process>) -> Self {
        Self {
            process,
            woken: Arc::default(),
            positions: Vec::new(),
            moves: Vec::new(),
        }
    }

    /// Reads a partition too, from an offset on or from its present end. One that is read already
    /// goes on where it is.
    pub(super) fn follow(
        &mut self,
        state: &mut State,
        partition: PartitionRef,
        from: Option<i64>,
    ) -> Result<(), TransportError> {
        if self.of(&partition).is_some() {
            return Ok(());
        }
        let bounds = state.topics.follow(&partition, &self.woken)?;
        let from = from.unwrap_or(bounds.end);
        self.positions.push(Position {
            partition,
            from,
            next: from,
            paused: false,
            arrive: None,
        });
        // What is there already wakes nobody.
        self.woken.notify_one();
        Ok(())
    }

    pub(super) fn leave(&mut self, partition: &PartitionRef) {
        self.positions.retain(|known| known.partition != *partition);
    }

    /// Goes on at another offset.
    pub(super) fn read_from(
        &mut self,
        state: &mut State,
        partition: PartitionRef,
        offset: i64,
    ) -> Result<(), TransportError> {
        self.follow(state, partition.clone(), Some(offset))?;
        if let Some(known) = self.of(&partition) {
            known.from = known.from.min(offset);
            known.next = offset;
            known.arrive = None;
        }
        let end = state.topics.bounds(&partition)?.end;
        self.moves.push((partition, offset, end));
        self.woken.notify_one();
        Ok(())
    }

    /// Which partitions are read from another offset, that offset, and where they end.
    pub(super) fn moves(&mut self) -> Vec<(PartitionRef, i64, i64)> {
        std::mem::take(&mut self.moves)
    }

    /// The offset that is read next.
    pub(super) fn position(&self, partition: &PartitionRef) -> Option<i64> {
        let mut positions = self.positions.iter();
        let known = positions.find(|known| known.partition == *partition);
        known.map(|known| known.next)
    }

    pub(super) fn pause(&mut self, partitions: &[PartitionRef], paused: bool) {
        for known in &mut self.positions {
            if partitions.contains(&known.partition) {
                known.paused = paused;
            }
        }
    }

    /// Takes what has come, and tells when more does.
    pub(super) fn take(
        &mut self,
        state: &mut State,
        most: usize,
        batch: &mut Vec<Record>,
    ) -> Option<Instant> {
        let now = Instant::now();
        let reached = state.is_reached(self.process.as_ref());
        let mut next: Option<Instant> = None;
        let count = self.positions.len();
        let first = state.chance.index(count);
        for index in (0..count).map(|index| (first + index) % count) {
            let known = &mut self.positions[index];
            if known.paused {
                continue;
            }
            let end = state.topics.bounds(&known.partition);
            if end.is_ok_and(|bounds| bounds.end <= known.next) {
                continue;
            }
            let arrive = match known.arrive {
                Some(arrive) => arrive,
                None => now + state.delay(),
            };
            known.arrive = Some(arrive);
            if arrive <= now && !reached {
                known.arrive = Some(now + RETRY);
            } else if arrive <= now && batch.len() < most {
                known.arrive = None;
                let count = state.chance.of(1..MOST + 1) as usize;
                let before = batch.len();
                let topics = &state.topics;
                topics.read(
                    &known.partition,
                    known.next,
                    count.min(most - before),
                    batch,
                );
                match batch[before..].last() {
                    Some(last) => known.next = last.offset + 1,
                    // Retention has passed it.
                    None => continue,
                }
                // There may be more behind these.
                known.arrive = Some(now + state.delay());
            }
            next = match (next, known.arrive) {
                (Some(next), Some(arrive)) => Some(next.min(arrive)),
                (next, arrive) => next.or(arrive),
            };
        }
        next
    }

    /// Goes back by some records in one of the partitions, where it has read as many.
    pub(super) fn stumble(&mut self, state: &mut State) {
        let index = state.chance.index(self.positions.len());
        if let Some(known) = self.positions.get_mut(index) {
            let back = state.chance.of(1..MOST) as i64;
            known.next = (known.next - back).max(known.from);
            known.arrive = None;
        }
    }

    fn of(&mut self, partition: &PartitionRef) -> Option<&mut Position> {
        let mut positions = self.positions.iter_mut();
        positions.find(|known| known.partition == *partition)
    }
}

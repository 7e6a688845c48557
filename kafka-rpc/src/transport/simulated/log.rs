use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::{Arc, Weak};

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::outside;
use crate::transport::{Failure, Outgoing, PartitionRef, Record, TransportError};
use crate::wire::partition_for_key;

/// The topics of the broker.
#[derive(Default)]
pub(super) struct Topics {
    topics: BTreeMap<Arc<str>, Vec<Partition>>,
}

#[derive(Default)]
struct Partition {
    records: VecDeque<Kept>,
    /// The offset of the first record that is kept.
    start: i64,
    /// Those to be woken when a record is appended.
    readers: Vec<Weak<Notify>>,
}

struct Kept {
    record: Outgoing,
    /// Milliseconds since the Unix epoch.
    timestamp: i64,
    at: Instant,
}

impl Topics {
    /// One that exists is left as it is.
    pub(super) fn create(&mut self, name: &Arc<str>, partitions: u32) {
        self.topics
            .entry(Arc::clone(name))
            .or_insert_with(|| (0..partitions).map(|_| Partition::default()).collect());
    }

    pub(super) fn partitions(&self, topic: &str) -> Option<u32> {
        u32::try_from(self.topics.get(topic)?.len()).ok()
    }

    /// Where a record goes that comes in turn with others that have neither partition nor key.
    pub(super) fn place(&self, record: &Outgoing, turn: u32) -> Option<PartitionRef> {
        let count = NonZeroU32::new(self.partitions(&record.topic)?)?;
        let partition = match (record.partition, &record.key) {
            (Some(partition), _) => partition,
            (None, Some(key)) => partition_for_key(key, count),
            (None, None) => i32::try_from(turn % count).ok()?,
        };
        let known = u32::try_from(partition).is_ok_and(|index| index < count.get());
        known.then(|| PartitionRef {
            topic: Arc::clone(&record.topic),
            partition,
        })
    }

    pub(super) fn append(&mut self, to: &PartitionRef, record: Outgoing) {
        let Some(partition) = self.partition_mut(to) else {
            return;
        };
        let since = outside::wall_clock().duration_since(std::time::UNIX_EPOCH);
        let millis = since.unwrap_or_default().as_millis();
        partition.records.push_back(Kept {
            record,
            timestamp: i64::try_from(millis).unwrap_or(i64::MAX),
            at: Instant::now(),
        });
        partition.readers.retain(|reader| match reader.upgrade() {
            Some(reader) => {
                reader.notify_one();
                true
            }
            None => false,
        });
    }

    /// Has a reader woken for each record from here on.
    pub(super) fn follow(
        &mut self,
        of: &PartitionRef,
        reader: &Arc<Notify>,
    ) -> Result<Range<i64>, TransportError> {
        let partition = self.partition_mut(of).ok_or_else(|| missing(of))?;
        partition.readers.push(Arc::downgrade(reader));
        Ok(partition.start..partition.end())
    }

    pub(super) fn bounds(&self, of: &PartitionRef) -> Result<Range<i64>, TransportError> {
        let partition = self.partition(of).ok_or_else(|| missing(of))?;
        Ok(partition.start..partition.end())
    }

    /// At most so many records from an offset on, or from the first that is kept.
    pub(super) fn read(&self, of: &PartitionRef, from: i64, most: usize, batch: &mut Vec<Record>) {
        let Some(partition) = self.partition(of) else {
            return;
        };
        let first = from.max(partition.start);
        let skipped = usize::try_from(first - partition.start).unwrap_or(usize::MAX);
        let kept = partition.records.iter().skip(skipped).take(most);
        batch.extend((first..).zip(kept).map(|(offset, kept)| Record {
            topic: Arc::clone(&of.topic),
            partition: of.partition,
            offset,
            timestamp: Some(kept.timestamp),
            key: kept.record.key.clone(),
            value: kept.record.value.clone(),
            headers: kept.record.headers.clone(),
        }));
    }

    pub(super) fn delete_before(
        &mut self,
        of: &PartitionRef,
        offset: i64,
    ) -> Result<(), TransportError> {
        let partition = self.partition_mut(of).ok_or_else(|| missing(of))?;
        while partition.start < offset && partition.records.pop_front().is_some() {
            partition.start += 1;
        }
        Ok(())
    }

    /// Keeps no records from before then in the topics whose names match.
    pub(super) fn retain(&mut self, since: Instant, which: impl Fn(&str) -> bool) {
        let topics = self.topics.iter_mut();
        for (_, partitions) in topics.filter(|(name, _)| which(name)) {
            for partition in partitions {
                while (partition.records.front()).is_some_and(|kept| kept.at < since)
                    && partition.records.pop_front().is_some()
                {
                    partition.start += 1;
                }
            }
        }
    }

    fn partition(&self, of: &PartitionRef) -> Option<&Partition> {
        let index = usize::try_from(of.partition).ok()?;
        self.topics.get(&of.topic)?.get(index)
    }

    fn partition_mut(&mut self, of: &PartitionRef) -> Option<&mut Partition> {
        let index = usize::try_from(of.partition).ok()?;
        self.topics.get_mut(&of.topic)?.get_mut(index)
    }
}

impl Partition {
    fn end(&self) -> i64 {
        self.start + self.records.len() as i64
    }
}

fn missing(of: &PartitionRef) -> TransportError {
    let message = format!("there is no partition {} of {}", of.partition, of.topic);
    TransportError::new(Failure::Missing, message)
}

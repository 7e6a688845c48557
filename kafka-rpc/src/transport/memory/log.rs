use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::transport::{Failure, Outgoing, PartitionRef, Record, TransportError, Undelivered};
use crate::wire::partition_for_key;

/// How many records a partition keeps, the latest. Who reads more slowly misses some, as on a topic
/// with a short retention.
pub(super) const RETAINED: usize = 65_536;

/// All topics. Maps are ordered, so that nothing depends on how they are seeded.
#[derive(Default)]
pub(super) struct Log {
    topics: Mutex<BTreeMap<Arc<str>, Topic>>,
}

struct Topic {
    partitions: Vec<Partition>,
    /// Spreads records without a key.
    turn: u32,
}

#[derive(Default)]
struct Partition {
    records: VecDeque<Kept>,
    /// The offset of the first record that is kept.
    start: i64,
    /// Those to be woken when a record is appended.
    readers: Vec<Weak<Notify>>,
}

/// A record, and when it was appended in milliseconds since the Unix epoch.
struct Kept {
    record: Outgoing,
    timestamp: i64,
}

impl Log {
    /// Creates a topic. One that exists is left as it is.
    pub(super) fn create(&self, name: &Arc<str>, partitions: u32) {
        let mut topics = self.topics.lock();
        topics.entry(Arc::clone(name)).or_insert_with(|| Topic {
            partitions: (0..partitions).map(|_| Partition::default()).collect(),
            turn: 0,
        });
    }

    /// How many partitions a topic has; `None` where there is no such topic.
    pub(super) fn partitions(&self, topic: &str) -> Option<u32> {
        let topics = self.topics.lock();
        u32::try_from(topics.get(topic)?.partitions.len()).ok()
    }

    /// Appends a record and wakes who reads its partition.
    pub(super) fn append(&self, record: Outgoing, timestamp: i64) -> Result<(), Box<Undelivered>> {
        let mut topics = self.topics.lock();
        match topics
            .get_mut(&record.topic)
            .and_then(|topic| topic.partition_of(&record))
        {
            Some(partition) => {
                partition.append(record, timestamp);
                Ok(())
            }
            None => {
                let error = missing(&record.topic, record.partition);
                Err(Box::new(Undelivered { record, error }))
            }
        }
    }

    /// The offset that the partition's next record will have.
    pub(super) fn end(&self, of: &PartitionRef) -> Option<i64> {
        let mut topics = self.topics.lock();
        partition(&mut topics, of).map(|partition| partition.end())
    }

    /// The offsets of the records that a partition keeps.
    pub(super) fn bounds(&self, of: &PartitionRef) -> Result<Range<i64>, TransportError> {
        let mut topics = self.topics.lock();
        let partition = partition(&mut topics, of);
        partition
            .map(|partition| partition.start..partition.end())
            .ok_or_else(|| missing(&of.topic, Some(of.partition)))
    }

    /// Keeps no records of a partition before an offset.
    pub(super) fn delete_before(
        &self,
        of: &PartitionRef,
        offset: i64,
    ) -> Result<(), TransportError> {
        let mut topics = self.topics.lock();
        let partition =
            partition(&mut topics, of).ok_or_else(|| missing(&of.topic, Some(of.partition)))?;
        while partition.start < offset && partition.records.pop_front().is_some() {
            partition.start += 1;
        }
        Ok(())
    }

    /// Has a reader woken for each record from here on, and tells at which offset that is.
    pub(super) fn follow(
        &self,
        of: &PartitionRef,
        reader: &Arc<Notify>,
    ) -> Result<i64, TransportError> {
        let mut topics = self.topics.lock();
        let partition =
            partition(&mut topics, of).ok_or_else(|| missing(&of.topic, Some(of.partition)))?;
        partition.readers.push(Arc::downgrade(reader));
        Ok(partition.end())
    }

    /// Reads at most so many records from an offset on, or from the first that is kept.
    pub(super) fn read(&self, of: &PartitionRef, from: i64, most: usize, batch: &mut Vec<Record>) {
        let mut topics = self.topics.lock();
        if let Some(partition) = partition(&mut topics, of) {
            partition.read(of, from, most, batch);
        }
    }
}

fn partition<'t>(
    topics: &'t mut BTreeMap<Arc<str>, Topic>,
    of: &PartitionRef,
) -> Option<&'t mut Partition> {
    let index = usize::try_from(of.partition).ok()?;
    topics.get_mut(&of.topic)?.partitions.get_mut(index)
}

fn missing(topic: &str, partition: Option<i32>) -> TransportError {
    let message = match partition {
        Some(partition) => format!("there is no partition {partition} of a topic {topic}"),
        None => format!("there is no topic {topic}"),
    };
    TransportError::new(Failure::Missing, message)
}

impl Topic {
    fn partition_of(&mut self, record: &Outgoing) -> Option<&mut Partition> {
        let count = NonZeroU32::new(u32::try_from(self.partitions.len()).ok()?)?;
        let index = match (record.partition, &record.key) {
            (Some(partition), _) => usize::try_from(partition).ok()?,
            (None, Some(key)) => usize::try_from(partition_for_key(key, count)).ok()?,
            (None, None) => {
                self.turn = self.turn.wrapping_add(1);
                usize::try_from(self.turn % count).ok()?
            }
        };
        self.partitions.get_mut(index)
    }
}

impl Partition {
    fn append(&mut self, record: Outgoing, timestamp: i64) {
        self.records.push_back(Kept { record, timestamp });
        if self.records.len() > RETAINED {
            self.records.pop_front();
            self.start += 1;
        }
        self.readers.retain(|reader| match reader.upgrade() {
            Some(reader) => {
                reader.notify_one();
                true
            }
            None => false,
        });
    }

    fn end(&self) -> i64 {
        self.start + self.records.len() as i64
    }

    fn read(&self, of: &PartitionRef, from: i64, most: usize, batch: &mut Vec<Record>) {
        let first = from.max(self.start);
        let skipped = usize::try_from(first - self.start).unwrap_or(usize::MAX);
        let kept = self.records.iter().skip(skipped).take(most);
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
}

use std::collections::hash_map::Entry;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{Offset, TopicPartitionList};

use crate::hashing::HashMap;
use crate::transport::kafka::context::Context;
use crate::transport::kafka::error::{explained, transport_error};
use crate::transport::kafka::partitions::{cached_end, last_position, seek};
use crate::transport::kafka::stall::{Found, Place};
use crate::transport::{Failure, PartitionRef, TransportError};

/// How long the broker may take to tell a partition's end.
const END_OFFSET_LIMIT: Duration = Duration::from_secs(10);
/// How long that may take where it can be done without.
const TOLD_LIMIT: Duration = Duration::from_secs(1);
/// How long one question for a topic's partitions may take.
const ASK_LIMIT: Duration = Duration::from_secs(2);
/// How often a partition's end is asked for again.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// The partitions that an inbox reads.
#[derive(Default)]
pub(super) struct Followed {
    /// Where the reading of each began, or began anew.
    starts: Mutex<HashMap<PartitionRef, i64>>,
}

impl Followed {
    /// Begins to read a partition at its end, unless it is read already. Blocks.
    pub(super) fn follow(
        &self,
        consumer: &BaseConsumer<Context>,
        partition: PartitionRef,
    ) -> Result<(), TransportError> {
        let end = end_of(consumer, &partition)?;
        if let Entry::Vacant(place) = self.starts.lock().entry(partition) {
            assign(consumer, place.key(), end)?;
            place.insert(end);
        }
        Ok(())
    }

    /// Reads a partition from an offset on, whether or not it is read already. Blocks.
    pub(super) fn read_from(
        &self,
        consumer: &BaseConsumer<Context>,
        partition: PartitionRef,
        offset: i64,
    ) -> Result<(), TransportError> {
        match self.starts.lock().entry(partition) {
            Entry::Vacant(place) => {
                assign(consumer, place.key(), offset)?;
                place.insert(offset);
            }
            Entry::Occupied(mut place) => {
                seek(consumer, place.key(), offset)?;
                place.insert(offset);
            }
        }
        Ok(())
    }

    /// The next offset that is to be read of a partition; `None` where it is not read. Asks nobody.
    pub(super) fn position(
        &self,
        consumer: &BaseConsumer<Context>,
        partition: &PartitionRef,
    ) -> Option<i64> {
        let start = *self.starts.lock().get(partition)?;
        Some(position(consumer, partition, start))
    }

    /// Where all of them are; `None` while one is about to begin elsewhere. Asks nobody.
    pub(super) fn places(&self, consumer: &BaseConsumer<Context>) -> Option<Vec<Place>> {
        let starts = self.starts.try_lock()?;
        let places = starts.iter().filter_map(|(partition, start)| {
            Some(Place {
                partition: partition.clone(),
                position: position(consumer, partition, *start),
                end: cached_end(consumer.client(), partition)?,
            })
        });
        Some(places.collect())
    }

    /// Has the consumer read on: behind what can't be read, or from where it is. Blocks.
    pub(super) fn step_past(&self, consumer: &BaseConsumer<Context>, found: &Found) {
        let partition = &found.place.partition;
        let mut starts = self.starts.lock();
        let Some(start) = starts.get_mut(partition) else {
            return;
        };
        // It may have gone on, or elsewhere, while it was looked at.
        if position(consumer, partition, *start) != found.place.position {
            return;
        }
        let next = match &found.unreadable {
            Some((offsets, why)) => {
                tracing::error!(
                    topic = &*partition.topic,
                    partition = partition.partition,
                    first = offsets.start,
                    last = offsets.end - 1,
                    why,
                    "replies can't be read, and are stepped past"
                );
                let records = offsets.end.abs_diff(offsets.start);
                metrics::counter!("kafka_rpc.inbox.unreadable").increment(records);
                offsets.end
            }
            None => found.place.position,
        };
        match seek(consumer, partition, next) {
            Ok(()) => *start = next,
            Err(error) => tracing::warn!(%error, next, "replies can't be read on"),
        }
    }
}

/// Where a partition ends, if brokers tell soon. Blocks.
pub(super) fn end_if_told(
    consumer: &BaseConsumer<Context>,
    partition: &PartitionRef,
) -> Option<i64> {
    let PartitionRef { topic, partition } = partition;
    match consumer.fetch_watermarks(topic, *partition, TOLD_LIMIT) {
        Ok((_, end)) => Some(end),
        Err(error) => {
            tracing::debug!(%error, topic = &**topic, partition, "where it ends is not told");
            None
        }
    }
}

fn end_of(
    consumer: &BaseConsumer<Context>,
    partition: &PartitionRef,
) -> Result<i64, TransportError> {
    let PartitionRef { topic, partition } = partition;
    let doing = format!("find the end of {topic} [{partition}]");
    let until = Instant::now() + END_OFFSET_LIMIT;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let error = match consumer.fetch_watermarks(topic, *partition, left) {
            Ok((_, end)) => return Ok(end),
            Err(error) => explained(&doing, &error, &consumer.context().last_error),
        };
        // A topic that was just created may be unknown to this client for a moment.
        let passing = matches!(error.failure, Failure::Missing | Failure::Unreachable);
        if !passing || Instant::now() + RETRY_PAUSE > until {
            return Err(error);
        }
        std::thread::sleep(RETRY_PAUSE);
        // What the client knows of a topic's partitions it takes for certain until it asks again.
        if let Err(error) = consumer.fetch_metadata(Some(topic), ASK_LIMIT) {
            tracing::debug!(%error, ?topic, "can't ask for the topic's partitions");
        }
    }
}

fn assign(
    consumer: &BaseConsumer<Context>,
    partition: &PartitionRef,
    from: i64,
) -> Result<(), TransportError> {
    let PartitionRef { topic, partition } = partition;
    let mut assignment = TopicPartitionList::new();
    assignment
        .add_partition_offset(topic, *partition, Offset::Offset(from))
        .and_then(|()| consumer.incremental_assign(&assignment))
        .map_err(|error| transport_error(&format!("read {topic} [{partition}]"), &error))
}

/// The offset behind the last record that was read, or the start where there was none.
fn position(consumer: &BaseConsumer<Context>, partition: &PartitionRef, start: i64) -> i64 {
    let read = last_position(consumer.client(), partition);
    read.map_or(start, |next| next.max(start))
}

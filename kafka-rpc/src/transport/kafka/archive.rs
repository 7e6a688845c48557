//! Reading and deleting what partitions have: for people who look at them, not for calls.

use std::ops::Range;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::bindings::{RD_KAFKA_EVENT_ERROR, RD_KAFKA_EVENT_FETCH};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};

use super::context::Context;
use super::copies::Copies;
use super::error::{explained, failure, transport_error};
use super::events::Queue;
use super::partitions::first_error;
use crate::transport::{Failure, PartitionRef, Record, TransportError};

/// Opens a consumer for one of the functions below. It tells where a partition ends.
pub(super) fn open(mut config: ClientConfig) -> Result<BaseConsumer<Context>, TransportError> {
    config.set("enable.partition.eof", "true");
    config
        .create_with_context(Context::default())
        .map_err(|error| transport_error("open a consumer", &error))
}

/// The offsets that a partition has. Blocks.
pub(super) fn bounds(
    consumer: &BaseConsumer<Context>,
    of: &PartitionRef,
    limit: Duration,
) -> Result<Range<i64>, TransportError> {
    let PartitionRef { topic, partition } = of;
    match consumer.fetch_watermarks(topic, *partition, limit) {
        Ok((start, end)) => Ok(start..end),
        Err(error) => {
            let doing = format!("tell where {topic} [{partition}] begins and ends");
            Err(explained(&doing, &error, &consumer.context().last_error))
        }
    }
}

/// The records at these offsets, at most so many. Blocks.
pub(super) fn read(
    consumer: &BaseConsumer<Context>,
    of: &PartitionRef,
    offsets: Range<i64>,
    most: usize,
    limit: Duration,
) -> Result<Vec<Record>, TransportError> {
    let mut records = Vec::new();
    if most > 0 {
        go_through(
            consumer,
            of,
            offsets,
            Patience::Altogether(limit),
            &mut |record| {
                records.push(record);
                records.len() < most
            },
        )?;
    }
    Ok(records)
}

/// Hands over the records at these offsets. Blocks.
pub(super) fn scan(
    consumer: &BaseConsumer<Context>,
    of: &PartitionRef,
    offsets: Range<i64>,
    limit: Duration,
    each: &mut dyn FnMut(Record),
) -> Result<(), TransportError> {
    go_through(
        consumer,
        of,
        offsets,
        Patience::Silence(limit),
        &mut |record| {
            each(record);
            true
        },
    )
}

/// How long the brokers may take.
#[derive(Clone, Copy, PartialEq)]
enum Patience {
    /// For all that is read.
    Altogether(Duration),
    /// For each record.
    Silence(Duration),
}

/// Goes through the records at these offsets while `each` wants more.
fn go_through(
    consumer: &BaseConsumer<Context>,
    of: &PartitionRef,
    offsets: Range<i64>,
    patience: Patience,
    each: &mut dyn FnMut(Record) -> bool,
) -> Result<(), TransportError> {
    let PartitionRef { topic, partition } = of;
    let doing = format!("read {topic} [{partition}]");
    let failed = |error: &KafkaError| transport_error(&doing, error);
    if offsets.is_empty() {
        return Ok(());
    }
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, *partition, Offset::Offset(offsets.start))
        .and_then(|()| consumer.assign(&list))
        .map_err(|error| failed(&error))?;
    let queue = Queue::consumer(consumer.client()).map_err(|error| failed(&error))?;
    let mut copies = Copies::default();
    let (Patience::Altogether(limit) | Patience::Silence(limit)) = patience;
    let mut until = Instant::now() + limit;
    while let Some(left) = until.checked_duration_since(Instant::now()) {
        let Some(event) = queue.poll(left) else {
            break;
        };
        match event.kind() {
            RD_KAFKA_EVENT_FETCH => {
                let Some(record) = event.record(&mut copies) else {
                    continue;
                };
                let last = record.offset + 1 >= offsets.end;
                if (offsets.contains(&record.offset) && !each(record)) || last {
                    return Ok(());
                }
                if patience == Patience::Silence(limit) {
                    until = Instant::now() + limit;
                }
            }
            RD_KAFKA_EVENT_ERROR => {
                let code = RDKafkaErrorCode::from(event.code());
                match failure(code) {
                    _ if code == RDKafkaErrorCode::PartitionEOF => return Ok(()),
                    // The library tries again.
                    Failure::Unreachable => event.tell(&**consumer.context()),
                    kind => {
                        let message = format!("can't {doing}: {}", event.reason());
                        return Err(TransportError::new(kind, message));
                    }
                }
            }
            _ => event.tell(&**consumer.context()),
        }
    }
    let message = format!("can't {doing}: the brokers did not answer within {limit:?}");
    Err(TransportError::new(Failure::Unreachable, message))
}

/// Deletes all records before an offset.
pub(super) async fn delete_before(
    admin: &AdminClient<Context>,
    of: &PartitionRef,
    offset: i64,
    limit: Duration,
) -> Result<(), TransportError> {
    let PartitionRef { topic, partition } = of;
    let doing = format!("delete records of {topic} [{partition}]");
    let failed = |error: KafkaError| explained(&doing, &error, &admin.inner().context().last_error);
    let options = AdminOptions::new()
        .request_timeout(Some(limit))
        .operation_timeout(Some(limit));
    // The future of the binding is not to be sent to other threads while it borrows the list.
    let deleting = {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, *partition, Offset::Offset(offset))
            .map_err(failed)?;
        admin.delete_records(&list, &options)
    };
    let outcome = deleting.await.map_err(failed)?;
    first_error(&outcome).map_err(failed)
}

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rdkafka::bindings::{RD_KAFKA_EVENT_ERROR, RD_KAFKA_EVENT_FETCH};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaResult;
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};

use super::extent::{Sight, unreadable};
use super::suspects::Place;
use crate::transport::kafka::close;
use crate::transport::kafka::context::Context;
use crate::transport::kafka::copies::Copies;
use crate::transport::kafka::error::{failure, transport_error};
use crate::transport::kafka::events::Queue;
use crate::transport::{Failure, PartitionRef, TransportError};

/// How long a look may take until silence is taken for an answer, where the brokers do answer. Too short,
/// and what is only slow is lost.
const SILENCE: Duration = Duration::from_secs(5);
/// How soon a look ends that nobody wants any more.
const POLL: Duration = Duration::from_millis(100);
/// How long they may take to tell where a partition ends.
const END_LIMIT: Duration = Duration::from_secs(5);

/// What was found of a partition that did not go on.
#[derive(Debug)]
pub(in super::super) struct Found {
    pub(in super::super) place: Place,
    /// The offsets that can't be read, and why; `None` where they can: then the consumer is to read on
    /// from where it is.
    pub(in super::super) unreadable: Option<(Range<i64>, String)>,
    /// Whether an error says so, and not silence alone.
    pub(in super::super) is_told: bool,
}

/// Whether an error says that records can't be read, though they are there.
pub(super) fn is_evidence(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as E;
    matches!(
        code,
        E::BadCompression
            | E::BadMessage
            | E::NotImplemented
            | E::InvalidMessage
            | E::MessageSizeTooLarge
            | E::InvalidMessageSize
            | E::UnsupportedCompressionType
            | E::CriticalSystemResource
    )
}

/// Looks at a partition that does not go on, with a consumer of its own. Blocks.
pub(super) fn look(
    config: &ClientConfig,
    place: Place,
    stop: &AtomicBool,
) -> Result<Found, TransportError> {
    let mut config = config.clone();
    config.remove("group.instance.id");
    config.set("enable.partition.eof", "true");
    let consumer: BaseConsumer<Context> = config
        .create_with_context(Context::default())
        .map_err(|error| transport_error("open a consumer", &error))?;
    let consumer = Arc::new(consumer);
    let found = found(&consumer, place, stop);
    close::in_background(consumer);
    found
}

fn found(
    consumer: &BaseConsumer<Context>,
    place: Place,
    stop: &AtomicBool,
) -> Result<Found, TransportError> {
    let probe = Probe {
        consumer,
        partition: &place.partition,
        stop,
    };
    let first = probe.look(place.position);
    let is_told = matches!(first, Sight::Unreadable { batch: Some(_), .. });
    let unreadable = match first {
        Sight::Unknown => {
            let message = "a partition does not go on, and can't be looked at";
            return Err(TransportError::new(Failure::Unreachable, message));
        }
        Sight::Readable => None,
        Sight::Unreadable { .. } => {
            let mut first = Some(first);
            let found = unreadable(place.position, place.end, |offset| {
                let first = first.take();
                first.unwrap_or_else(|| probe.look(offset))
            });
            let message = "the end of what can't be read was not found";
            Some(found.ok_or_else(|| TransportError::new(Failure::Unreachable, message))?)
        }
    };
    Ok(Found {
        place,
        unreadable,
        is_told,
    })
}

struct Probe<'c> {
    consumer: &'c BaseConsumer<Context>,
    partition: &'c PartitionRef,
    /// Whether nobody wants to know any more.
    stop: &'c AtomicBool,
}

impl Probe<'_> {
    fn look(&self, offset: i64) -> Sight {
        let sight = Queue::consumer(self.consumer.client())
            .and_then(|queue| self.assign(offset).map(|()| queue))
            .map(|queue| self.watch(&queue, offset));
        sight.unwrap_or_else(|error| {
            tracing::warn!(%error, "a partition can't be looked at");
            Sight::Unknown
        })
    }

    fn assign(&self, offset: i64) -> KafkaResult<()> {
        let PartitionRef { topic, partition } = self.partition;
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, *partition, Offset::Offset(offset))?;
        self.consumer.assign(&list)
    }

    fn watch(&self, queue: &Queue<'_>, offset: i64) -> Sight {
        let until = Instant::now() + SILENCE;
        let mut copies = Copies::default();
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            if self.stop.load(Ordering::Relaxed) {
                return Sight::Unknown;
            }
            let Some(event) = queue.poll(left.min(POLL)) else {
                continue;
            };
            match event.kind() {
                // One of before the look may still come.
                RD_KAFKA_EVENT_FETCH
                    if event
                        .record(&mut copies)
                        .is_some_and(|record| record.offset >= offset) =>
                {
                    return Sight::Readable;
                }
                RD_KAFKA_EVENT_ERROR => {
                    let code = RDKafkaErrorCode::from(event.code());
                    match event.place() {
                        Some((_, batch)) if is_evidence(code) => {
                            return Sight::Unreadable {
                                batch: Some(batch),
                                why: event.reason(),
                            };
                        }
                        Some(_) if code == RDKafkaErrorCode::PartitionEOF => {
                            return Sight::Readable;
                        }
                        _ if failure(code) == Failure::Unreachable => return Sight::Unknown,
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        self.silence()
    }

    /// Nothing came, not even the end. Where the brokers answer, that is for what is there.
    fn silence(&self) -> Sight {
        let PartitionRef { topic, partition } = self.partition;
        match self.consumer.fetch_watermarks(topic, *partition, END_LIMIT) {
            Ok(_) => Sight::Unreadable {
                batch: None,
                why: "the client library takes nothing of what the broker has there".to_owned(),
            },
            Err(_) => Sight::Unknown,
        }
    }
}

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

/// How long nothing has to come for it to be silence. Too short, and what is only slow is lost.
const SILENCE: Duration = Duration::from_secs(5);
/// How often it has to be silent. Once, it may be brokers that were down and are back.
const SILENCES: u32 = 2;
/// How soon a look ends that nobody wants any more.
const POLL: Duration = Duration::from_millis(100);
/// How long brokers may take to tell where a partition ends.
const END_LIMIT: Duration = Duration::from_secs(5);

/// What tells that records can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Evidence {
    /// Errors alone.
    Errors,
    /// Also that nothing comes again and again, neither records nor an end, though the brokers answer.
    Silence,
}

/// What was found of a partition that did not go on.
#[derive(Debug)]
pub(in super::super) struct Found {
    pub(in super::super) place: Place,
    /// The offsets that can't be read, and why; `None` where they can: then the consumer is to read on
    /// from where it is.
    pub(in super::super) unreadable: Option<(Range<i64>, String)>,
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
    evidence: Evidence,
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
    let found = found(&consumer, evidence, place, stop);
    close::in_background(consumer);
    found
}

fn found(
    consumer: &BaseConsumer<Context>,
    evidence: Evidence,
    place: Place,
    stop: &AtomicBool,
) -> Result<Found, TransportError> {
    let probe = Probe {
        consumer,
        evidence,
        partition: &place.partition,
        stop,
    };
    let first = probe.look(place.position);
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
    Ok(Found { place, unreadable })
}

struct Probe<'c> {
    consumer: &'c BaseConsumer<Context>,
    evidence: Evidence,
    partition: &'c PartitionRef,
    /// Whether nobody wants to know any more.
    stop: &'c AtomicBool,
}

impl Probe<'_> {
    fn look(&self, offset: i64) -> Sight {
        self.try_look(offset).unwrap_or_else(|error| {
            tracing::warn!(%error, "a partition can't be looked at");
            Sight::Unknown
        })
    }

    fn try_look(&self, offset: i64) -> KafkaResult<Sight> {
        let queue = Queue::consumer(self.consumer.client())?;
        for _ in 0..SILENCES {
            self.assign(offset)?;
            if let Some(sight) = self.watch(&queue, offset) {
                return Ok(sight);
            }
            if self.evidence == Evidence::Errors || !self.is_answered() {
                return Ok(Sight::Unknown);
            }
        }
        Ok(Sight::Unreadable {
            batch: None,
            why: "the client library takes nothing of what the broker has there".to_owned(),
        })
    }

    fn assign(&self, offset: i64) -> KafkaResult<()> {
        let PartitionRef { topic, partition } = self.partition;
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, *partition, Offset::Offset(offset))?;
        self.consumer.assign(&list)
    }

    /// What comes, if anything does.
    fn watch(&self, queue: &Queue<'_>, offset: i64) -> Option<Sight> {
        let until = Instant::now() + SILENCE;
        let mut copies = Copies::default();
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            if self.stop.load(Ordering::Relaxed) {
                return Some(Sight::Unknown);
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
                    return Some(Sight::Readable);
                }
                RD_KAFKA_EVENT_ERROR => {
                    let code = RDKafkaErrorCode::from(event.code());
                    match event.place() {
                        Some((_, batch)) if is_evidence(code) => {
                            return Some(Sight::Unreadable {
                                batch: Some(batch),
                                why: event.reason(),
                            });
                        }
                        Some(_) if code == RDKafkaErrorCode::PartitionEOF => {
                            return Some(Sight::Readable);
                        }
                        _ if failure(code) == Failure::Unreachable => return Some(Sight::Unknown),
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// Whether the partition's leader does.
    fn is_answered(&self) -> bool {
        let PartitionRef { topic, partition } = self.partition;
        let bounds = self.consumer.fetch_watermarks(topic, *partition, END_LIMIT);
        bounds.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

    use super::*;
    use crate::transport::NewTopic;
    use crate::transport::kafka::embedded::EmbeddedBroker;

    /// An embedded broker with a record at the beginning of a partition.
    fn with_a_record() -> (Arc<EmbeddedBroker>, ClientConfig, Place) {
        let broker = EmbeddedBroker::start().unwrap();
        let topic = "orders";
        broker.create(&NewTopic {
            name: topic.into(),
            partitions: 1,
            replication: None,
            config: Vec::new(),
        });
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", broker.bootstrap());
        let producer: BaseProducer = config.create().unwrap();
        let record = BaseRecord::<str, str>::to(topic).partition(0).payload("");
        producer.send(record).unwrap();
        producer.flush(Duration::from_secs(10)).unwrap();
        config.set("group.id", "probe");
        let partition = PartitionRef {
            topic: topic.into(),
            partition: 0,
        };
        let place = Place {
            partition,
            position: 0,
            end: 1,
        };
        (broker, config, place)
    }

    #[test]
    fn what_is_slow_once_is_not_taken_for_what_can_not_be_read() {
        let (broker, config, place) = with_a_record();
        broker.delay(SILENCE + Duration::from_secs(1));
        let stop = AtomicBool::new(false);
        let found = thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(SILENCE);
                broker.delay(Duration::ZERO);
            });
            look(&config, Evidence::Silence, place, &stop)
        });
        assert_eq!(found.unwrap().unreadable, None);
    }

    #[test]
    fn where_errors_alone_are_evidence_silence_says_nothing() {
        let (broker, config, place) = with_a_record();
        broker.delay(2 * SILENCE);
        let stop = AtomicBool::new(false);
        let found = look(&config, Evidence::Errors, place, &stop);
        assert_eq!(found.unwrap_err().failure, Failure::Unreachable);
    }
}

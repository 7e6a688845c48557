use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use parking_lot::Mutex;
use rdkafka::bindings::{RD_KAFKA_EVENT_ERROR, rd_kafka_position};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Offset, TopicPartitionList};
use tokio::task::AbortHandle;

use super::context::Context;
use super::copies::Copies;
use super::error::{explained, transport_error};
use super::events::{Event, Events, Queue};
use crate::transport::{Failure, Inbox, Records, TransportError};

impl ConsumerContext for Context {}

/// The most records handed over at a time.
const BATCH: usize = 512;
/// How long the broker may take to tell a partition's end.
const END_OFFSET_LIMIT: Duration = Duration::from_secs(10);
/// How long one question for a topic's partitions may take.
const ASK_LIMIT: Duration = Duration::from_secs(2);
/// How long the library may take to begin elsewhere: its own threads only have to take note.
const SEEK_LIMIT: Duration = Duration::from_secs(10);
/// How often a partition's end is asked for again.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// Reads single partitions by direct assignment, in a task of the runtime that it was opened on.
pub(super) struct KafkaInbox {
    consumer: Arc<BaseConsumer<Context>>,
    followed: Arc<Followed>,
    reader: AbortHandle,
}

type Partition = (Arc<str>, i32);
/// Each partition that is read, and where that began.
type Followed = Mutex<HashMap<Partition, i64>>;

impl KafkaInbox {
    pub(super) fn open(
        config: &ClientConfig,
        records: Box<dyn Records>,
    ) -> Result<Self, TransportError> {
        let consumer: BaseConsumer<Context> = config
            .create_with_context(Context::default())
            .map_err(|error| transport_error("open a consumer", &error))?;
        let consumer = Arc::new(consumer);
        let reader = tokio::spawn(read(Arc::clone(&consumer), records));
        Ok(Self {
            consumer,
            followed: Arc::default(),
            reader: reader.abort_handle(),
        })
    }
}

/// Reads for ever. In a task, not on a thread: whom a reply wakes then is on the same runtime, most
/// often on the same thread.
async fn read(consumer: Arc<BaseConsumer<Context>>, mut records: Box<dyn Records>) {
    let events = match Queue::consumer(consumer.client()) {
        Ok(queue) => Events::new(queue),
        Err(error) => return tracing::error!(%error, "replies can't be read"),
    };
    let mut copies = Copies::default();
    let mut batch = Vec::with_capacity(BATCH);
    let mut ready = None;
    loop {
        let mut next = match ready.take() {
            Some(event) => Some(event),
            None => Some(events.next().await),
        };
        while let Some(event) = next.take() {
            match event.record(&mut copies) {
                Some(record) => batch.push(record),
                None => told(&event, consumer.context()),
            }
            if batch.len() < BATCH {
                next = events.ready();
            }
        }
        if !batch.is_empty() {
            records.records(&mut batch);
            copies.done(&mut batch);
        }
        ready = events.ready();
        if ready.is_some() {
            // The callers come first. Where nothing is to be read at once they do anyway.
            tokio::task::yield_now().await;
        }
    }
}

fn told(event: &Event<'_>, context: &Context) {
    event.tell(context);
    if event.kind() == RD_KAFKA_EVENT_ERROR {
        // The library tries again. There may be many more behind it, and replies behind those: no
        // time to rest.
        metrics::counter!("kafka_rpc.inbox.errors").increment(1);
    }
}

#[async_trait]
impl Inbox for KafkaInbox {
    async fn follow(&self, topic: Arc<str>, partition: i32) -> Result<(), TransportError> {
        self.blocking(move |consumer, followed| {
            let end = end_of(consumer, &topic, partition)?;
            let mut followed = followed.lock();
            if let Entry::Vacant(place) = followed.entry((topic, partition)) {
                assign(consumer, &place.key().0, partition, end)?;
                place.insert(end);
            }
            Ok(())
        })
        .await
    }

    async fn read_from(
        &self,
        topic: Arc<str>,
        partition: i32,
        offset: i64,
    ) -> Result<(), TransportError> {
        self.blocking(move |consumer, followed| {
            let mut followed = followed.lock();
            match followed.entry((topic, partition)) {
                Entry::Vacant(place) => {
                    assign(consumer, &place.key().0, partition, offset)?;
                    place.insert(offset);
                    Ok(())
                }
                Entry::Occupied(place) => seek(consumer, &place.key().0, partition, offset),
            }
        })
        .await
    }

    fn position(&self, topic: &Arc<str>, partition: i32) -> Option<i64> {
        let began = *self.followed.lock().get(&(Arc::clone(topic), partition))?;
        Some(position(&self.consumer, topic, partition).map_or(began, |next| next.max(began)))
    }
}

impl KafkaInbox {
    /// What is begun goes on where nobody waits for it any more, so it may be asked for again
    /// meanwhile.
    async fn blocking(
        &self,
        work: impl FnOnce(&BaseConsumer<Context>, &Followed) -> Result<(), TransportError>
        + Send
        + 'static,
    ) -> Result<(), TransportError> {
        let (consumer, followed) = (Arc::clone(&self.consumer), Arc::clone(&self.followed));
        tokio::task::spawn_blocking(move || work(&consumer, &followed))
            .await
            .map_err(|error| TransportError::new(Failure::Other, error.to_string()))?
    }
}

fn end_of(
    consumer: &BaseConsumer<Context>,
    topic: &str,
    partition: i32,
) -> Result<i64, TransportError> {
    let doing = format!("find the end of {topic} [{partition}]");
    let until = Instant::now() + END_OFFSET_LIMIT;
    loop {
        match consumer.fetch_watermarks(
            topic,
            partition,
            until.saturating_duration_since(Instant::now()),
        ) {
            Ok((_, end)) => return Ok(end),
            Err(error) => {
                let error = explained(&doing, &error, &consumer.context().last_error);
                // A topic that was just created may be unknown to this client for a moment.
                let passing = matches!(error.failure, Failure::Missing | Failure::Unreachable);
                if !passing || Instant::now() + RETRY_PAUSE > until {
                    return Err(error);
                }
                std::thread::sleep(RETRY_PAUSE);
                // What the client knows of a topic's partitions it takes for certain until it asks again.
                let asked = consumer.fetch_metadata(Some(topic), ASK_LIMIT);
                if let Err(error) = asked {
                    tracing::debug!(%error, topic, "can't ask for the topic's partitions");
                }
            }
        }
    }
}

fn assign(
    consumer: &BaseConsumer<Context>,
    topic: &str,
    partition: i32,
    from: i64,
) -> Result<(), TransportError> {
    let mut assignment = TopicPartitionList::new();
    assignment
        .add_partition_offset(topic, partition, Offset::Offset(from))
        .and_then(|()| consumer.incremental_assign(&assignment))
        .map_err(|error| transport_error(&format!("read {topic} [{partition}]"), &error))
}

/// The offset behind the last record that was read; `None` where there was none.
fn position(consumer: &BaseConsumer<Context>, topic: &str, partition: i32) -> Option<i64> {
    let mut list = TopicPartitionList::new();
    list.add_partition(topic, partition);
    // SAFETY: both are alive, and the list is nobody else's. `BaseConsumer::position` would wait for
    // a thread of the library.
    let told = unsafe { rd_kafka_position(consumer.client().native_ptr(), list.ptr()) };
    if told != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
        return None;
    }
    match list.find_partition(topic, partition)?.offset() {
        Offset::Offset(next) => Some(next),
        _ => None,
    }
}

/// What was fetched ahead is dropped.
fn seek(
    consumer: &BaseConsumer<Context>,
    topic: &str,
    partition: i32,
    to: i64,
) -> Result<(), TransportError> {
    consumer
        .seek(topic, partition, Offset::Offset(to), SEEK_LIMIT)
        .map_err(|error| transport_error(&format!("read {topic} [{partition}]"), &error))
}

impl Drop for KafkaInbox {
    fn drop(&mut self) {
        self.reader.abort();
        super::close::in_background(Arc::clone(&self.consumer));
    }
}

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use parking_lot::Mutex;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::{Offset, TopicPartitionList};

use super::context::Context;
use super::error::{explained, transport_error};
use super::message::{TopicCache, record};
use crate::transport::{Failure, Inbox, Records, TransportError};

impl ConsumerContext for Context {}

/// How long the reading thread waits for a record before it looks whether it shall end.
const POLL: Duration = Duration::from_millis(100);
/// The most records handed over at a time.
const BATCH: usize = 512;
/// How long the broker may take to tell a partition's end.
const END_OFFSET_LIMIT: Duration = Duration::from_secs(10);
/// How often a partition's end is asked for again.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// Reads single partitions by direct assignment, on a thread of its own.
pub(super) struct KafkaInbox {
    consumer: Arc<BaseConsumer<Context>>,
    followed: Arc<Mutex<HashSet<Partition>>>,
    stop: Arc<AtomicBool>,
}

type Partition = (Arc<str>, i32);

impl KafkaInbox {
    pub(super) fn open(
        config: &ClientConfig,
        records: Arc<dyn Records>,
    ) -> Result<Self, TransportError> {
        let consumer: BaseConsumer<Context> = config
            .create_with_context(Context::default())
            .map_err(|error| transport_error("open a consumer", &error))?;
        let consumer = Arc::new(consumer);
        let stop = Arc::new(AtomicBool::new(false));
        let reader = (Arc::clone(&consumer), Arc::clone(&stop));
        std::thread::Builder::new()
            .name("kafka-rpc-inbox".into())
            .spawn(move || read(&reader.0, &reader.1, &*records))
            .map_err(|error| {
                TransportError::new(Failure::Other, format!("can't start a thread: {error}"))
            })?;
        Ok(Self {
            consumer,
            followed: Arc::default(),
            stop,
        })
    }
}

fn read(consumer: &BaseConsumer<Context>, stop: &AtomicBool, records: &dyn Records) {
    let mut topics = TopicCache::default();
    let mut batch = Vec::with_capacity(BATCH);
    while !stop.load(Ordering::Relaxed) {
        let mut wait = POLL;
        while batch.len() < BATCH {
            match consumer.poll(wait) {
                Some(Ok(message)) => batch.push(record(&message, &mut topics)),
                // The context has told of it, and the library tries again. There may be many more
                // behind it, and replies behind those: no time to rest.
                Some(Err(_)) => {
                    metrics::counter!("kafka_rpc.inbox.errors").increment(1);
                    break;
                }
                None => break,
            }
            wait = Duration::ZERO;
        }
        if !batch.is_empty() {
            records.records(&mut batch);
            batch.clear();
        }
    }
}

#[async_trait]
impl Inbox for KafkaInbox {
    async fn follow(&self, topic: Arc<str>, partition: i32) -> Result<(), TransportError> {
        let (consumer, followed) = (Arc::clone(&self.consumer), Arc::clone(&self.followed));
        // It goes on where nobody waits for it any more, so it may be asked for again meanwhile.
        tokio::task::spawn_blocking(move || {
            let end = end_of(&consumer, &topic, partition)?;
            let mut followed = followed.lock();
            if !followed.contains(&(Arc::clone(&topic), partition)) {
                assign(&consumer, &topic, partition, end)?;
                followed.insert((topic, partition));
            }
            Ok(())
        })
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

impl Drop for KafkaInbox {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        super::close::in_background(Arc::clone(&self.consumer));
    }
}

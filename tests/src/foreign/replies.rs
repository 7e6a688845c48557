use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::mpsc;

use super::Record;
use crate::soon;

/// How long the reading thread waits before it looks whether it shall end.
const POLL: Duration = Duration::from_millis(20);

/// The records of a topic, from its beginning on, each partition in its order.
#[derive(Debug)]
pub struct Replies {
    records: mpsc::UnboundedReceiver<Record>,
    stop: Arc<AtomicBool>,
}

impl Replies {
    pub(super) fn open(bootstrap: &str, topic: &str) -> Self {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", bootstrap)
            .set("group.id", "tests.foreign")
            .set("enable.auto.commit", "false")
            // The embedded broker does not wake a fetch that waits.
            .set("fetch.wait.max.ms", "5")
            .create()
            .expect("a consumer");
        let (sender, records) = mpsc::unbounded_channel();
        let stop = Arc::new(AtomicBool::new(false));
        let (topic, stopped) = (topic.to_owned(), Arc::clone(&stop));
        thread::spawn(move || {
            assign(&consumer, &topic);
            while !stopped.load(Ordering::Relaxed) {
                // Errors pass: the broker may be away for a while.
                if let Some(Ok(message)) = consumer.poll(POLL) {
                    let _unwanted = sender.send(record(&message));
                }
            }
        });
        Self { records, stop }
    }

    /// The next record.
    ///
    /// # Panics
    /// When none comes.
    pub async fn next(&mut self) -> Record {
        let next = soon("a record comes", self.records.recv()).await;
        next.expect("the reader runs")
    }

    /// The records that have been read and not been asked for.
    pub fn so_far(&mut self) -> Vec<Record> {
        std::iter::from_fn(|| self.records.try_recv().ok()).collect()
    }
}

impl Drop for Replies {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn assign(consumer: &BaseConsumer, topic: &str) {
    let metadata = consumer
        .fetch_metadata(Some(topic), Duration::from_secs(10))
        .unwrap_or_else(|error| panic!("can't look {topic} up: {error}"));
    let mut assignment = TopicPartitionList::new();
    for partition in metadata
        .topics()
        .iter()
        .flat_map(|topic| topic.partitions())
    {
        assignment
            .add_partition_offset(topic, partition.id(), Offset::Beginning)
            .expect("an offset");
    }
    assert!(assignment.count() > 0, "{topic} does not exist");
    consumer.assign(&assignment).expect("assigned");
}

fn record(message: &BorrowedMessage<'_>) -> Record {
    let headers = message.headers().map_or_else(Vec::new, |headers| {
        headers
            .iter()
            .map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec)))
            .collect()
    });
    Record {
        topic: message.topic().to_owned(),
        partition: Some(message.partition()),
        offset: message.offset(),
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers,
        timestamp: message.timestamp().to_millis(),
    }
}

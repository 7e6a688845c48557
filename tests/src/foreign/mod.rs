//! A client of another make: it writes and reads bare records.

mod group;
mod record;
mod replies;

use std::collections::HashMap;
use std::time::Duration;

use kafka_rpc::Cluster;
use rdkafka::ClientContext;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::message::{DeliveryResult, Message as _};
use rdkafka::producer::{BaseRecord, Producer as _, ProducerContext, ThreadedProducer};
use tokio::sync::oneshot;

pub use group::{Committed, Group};
pub use record::{Record, Written};
pub use replies::Replies;

use crate::soon;

/// Writes records as they are, and reads what is answered.
pub struct Foreign {
    bootstrap: String,
    producer: ThreadedProducer<Deliveries>,
}

/// Tells the one who wrote a record where it lies.
struct Deliveries;

const LOOK_UP: Duration = Duration::from_secs(10);

type Delivered = oneshot::Sender<Result<(i32, i64), String>>;

impl ClientContext for Deliveries {}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Box<Delivered>;

    fn delivery(&self, result: &DeliveryResult<'_>, delivered: Box<Delivered>) {
        let outcome = match result {
            Ok(message) => Ok((message.partition(), message.offset())),
            Err((error, _)) => Err(error.to_string()),
        };
        // Nobody waits where the test has ended.
        let _unwanted = delivered.send(outcome);
    }
}

impl Foreign {
    /// A client of this cluster, with the partitioner of Java's clients.
    pub fn new(cluster: &Cluster) -> Self {
        Self::with(cluster, &[])
    }

    /// As [`new`](Self::new), with other properties of its producer.
    pub fn with(cluster: &Cluster, properties: &[(&str, &str)]) -> Self {
        let bootstrap = cluster.bootstrap_servers().to_owned();
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &bootstrap)
            .set("linger.ms", "0")
            .set("partitioner", "murmur2_random")
            .set("message.max.bytes", "8000000");
        for (name, value) in properties {
            config.set(*name, *value);
        }
        let producer = config.create_with_context(Deliveries).expect("a producer");
        Self {
            bootstrap,
            producer,
        }
    }

    /// Writes a record, and tells where it lies.
    ///
    /// # Panics
    /// When it can't be written.
    pub async fn write(&self, record: Record) -> Written {
        let (delivered, outcome) = oneshot::channel();
        let mut native: BaseRecord<'_, [u8], [u8], Box<Delivered>> =
            BaseRecord::with_opaque_to(&record.topic, Box::new(delivered))
                .headers(record.native_headers());
        native.partition = record.partition;
        native.key = record.key.as_deref();
        native.payload = record.value.as_deref();
        native.timestamp = record.timestamp;
        if let Err((error, _)) = self.producer.send(native) {
            panic!("can't write {record:?}: {error}");
        }
        let outcome = soon("a record is written", outcome).await;
        match outcome.expect("each record is reported") {
            Ok((partition, offset)) => Written { partition, offset },
            Err(error) => panic!("can't write {record:?}: {error}"),
        }
    }

    /// Creates a topic, with so many partitions and as many replicas as the cluster has by default.
    ///
    /// # Panics
    /// When it can't be created.
    pub async fn create(&self, topic: &str, partitions: i32) {
        let admin: AdminClient<DefaultClientContext> = ClientConfig::new()
            .set("bootstrap.servers", &self.bootstrap)
            .create()
            .expect("an administration client");
        let new = NewTopic::new(topic, partitions, TopicReplication::Fixed(-1));
        let created = admin.create_topics([&new], &AdminOptions::new());
        let outcomes = soon("a topic is created", created).await;
        for outcome in outcomes.expect("the broker answers") {
            outcome.expect("the topic is created");
        }
    }

    /// Which broker leads the first partition of a topic, as an index into those of the harness.
    ///
    /// # Panics
    /// When none does.
    pub fn first_leader(&self, topic: &str) -> usize {
        let metadata = self.producer.client().fetch_metadata(Some(topic), LOOK_UP);
        let metadata = metadata.expect("the cluster answers");
        let leader = metadata.topics()[0].partitions()[0].leader();
        // Their ids begin at one.
        usize::try_from(leader - 1).expect("there is a leader")
    }

    /// The values of all records of a topic with so many partitions, as those see them who read what is committed. A null is
    /// written to each partition to mark its end, and left there.
    pub async fn values(&self, topic: &str, partitions: i32) -> Vec<Vec<u8>> {
        let mut records = self.read(topic);
        let mut ends = HashMap::new();
        for partition in 0..partitions {
            let end = Record::to(topic).partition(partition);
            ends.insert(Some(partition), self.write(end).await.offset);
        }
        let mut values = Vec::new();
        while !ends.is_empty() {
            let record = records.next().await;
            match record.value {
                Some(value) => values.push(value),
                None if ends.get(&record.partition) == Some(&record.offset) => {
                    ends.remove(&record.partition);
                }
                None => {}
            }
        }
        values
    }

    /// Reads all partitions of a topic, from the beginning on.
    pub fn read(&self, topic: &str) -> Replies {
        Replies::open(&self.bootstrap, topic)
    }

    /// Looks at a consumer group.
    pub fn group(&self, name: &str) -> Group {
        Group::open(&self.bootstrap, name)
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        // What is not written by now, nobody waits for.
        self.producer
            .purge(rdkafka::producer::PurgeConfig::default().queue().inflight());
        let _unwritten = self.producer.flush(Duration::from_millis(100));
    }
}

impl std::fmt::Debug for Foreign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Foreign")
            .field("bootstrap", &self.bootstrap)
            .finish_non_exhaustive()
    }
}

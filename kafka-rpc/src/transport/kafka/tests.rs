//! The transport on the embedded broker, or on the cluster that `KAFKA_BROKERS` names.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use super::producer::KafkaProducer;
use super::*;
use crate::cluster::{Cluster, TopicSettings, Wanted, WantedTopic, ensure};
use crate::transport::{CommittedOffset, Control, Delivery, Outgoing, PartitionRef, Record, Start};
use crate::wire::Headers;

const LIMIT: Duration = Duration::from_secs(20);

struct Sink<T>(UnboundedSender<T>);

impl Deliveries for Sink<(u128, Result<(), String>)> {
    fn delivered(&self, batch: &mut Vec<Delivery>) {
        for Delivery { token, outcome } in batch.drain(..) {
            let outcome = outcome.map_err(|undelivered| undelivered.error.message);
            let _gone = self.0.send((token.unwrap_or_default(), outcome));
        }
    }
}

impl Records for Sink<Record> {
    fn records(&mut self, batch: &mut [Record]) {
        for record in batch {
            let _gone = self.0.send(std::mem::take(record));
        }
    }
}

async fn next<T>(receiver: &mut UnboundedReceiver<T>) -> T {
    timeout(LIMIT, receiver.recv())
        .await
        .expect("nothing came in time")
        .expect("the sender is gone")
}

async fn transport(topic: &Arc<str>) -> Arc<dyn Transport> {
    with_topic(&Cluster::from_env_or_embedded().unwrap(), topic).await
}

async fn with_topic(cluster: &Cluster, topic: &Arc<str>) -> Arc<dyn Transport> {
    let transport = cluster.transport();
    let settings = TopicSettings::new().partitions(1);
    let wanted = Wanted {
        topics: vec![WantedTopic::read(settings.request_topic(topic))],
        may_create: true,
        bootstrap: cluster.bootstrap_servers(),
    };
    let found = ensure(&*transport, &wanted, LIMIT).await.unwrap();
    assert_eq!(found[topic], 1);
    transport
}

fn first(topic: &Arc<str>) -> PartitionRef {
    PartitionRef {
        topic: Arc::clone(topic),
        partition: 0,
    }
}

fn unique(name: &str) -> Arc<str> {
    format!("{name}-{}", uuid::Uuid::new_v4()).into()
}

fn outgoing(topic: &Arc<str>, value: &'static str) -> Outgoing {
    Outgoing {
        topic: Arc::clone(topic),
        partition: Some(0),
        patient: false,
        key: Some(Bytes::from_static(b"key")),
        value: Bytes::from_static(value.as_bytes()),
        headers: [("name", "value"), ("empty", "")]
            .into_iter()
            .collect::<Headers>(),
    }
}

#[tokio::test]
async fn an_inbox_reads_what_comes_after_its_end_and_nothing_before() {
    let topic = unique("inbox");
    let transport = transport(&topic).await;
    let (sink, mut delivered) = unbounded_channel();
    let producer = transport
        .producer(Writes::Replies, &[], Arc::new(Sink(sink)))
        .unwrap();
    producer.send(outgoing(&topic, "before"), Some(1)).unwrap();
    assert_eq!(next(&mut delivered).await, (1, Ok(())));

    let (sink, mut records) = unbounded_channel();
    let inbox = transport.inbox(&[], Box::new(Sink(sink))).unwrap();
    inbox.follow(first(&topic)).await.unwrap();
    producer.send(outgoing(&topic, "after"), Some(2)).unwrap();
    let record: Record = next(&mut records).await;
    assert_eq!(record.value, "after");
    assert_eq!(record.key.as_deref(), Some(&b"key"[..]));
    assert_eq!((record.partition, record.offset), (0, 1));
    assert_eq!(record.headers.get("name"), Some(&b"value"[..]));
    assert_eq!(record.headers.get("empty"), Some(&b""[..]));
    assert!(record.timestamp.is_some());
}

#[tokio::test]
async fn a_partition_that_is_followed_twice_is_read_once_from_where_it_was_first() {
    let topic = unique("twice");
    let transport = transport(&topic).await;
    let (sink, _delivered) = unbounded_channel();
    let producer = transport
        .producer(Writes::Replies, &[], Arc::new(Sink(sink)))
        .unwrap();
    let (sink, mut records) = unbounded_channel();
    let inbox = transport.inbox(&[], Box::new(Sink(sink))).unwrap();
    inbox.follow(first(&topic)).await.unwrap();
    producer.send(outgoing(&topic, "first"), Some(1)).unwrap();
    assert_eq!(next::<Record>(&mut records).await.value, "first");
    inbox.follow(first(&topic)).await.unwrap();
    producer.send(outgoing(&topic, "second"), Some(2)).unwrap();
    assert_eq!(next::<Record>(&mut records).await.value, "second");
}

/// A producer of replies that gathers already.
struct Gathering {
    topic: Arc<str>,
    producer: KafkaProducer,
    written: Written,
}

/// Who hears of what is written.
struct Written {
    delivered: UnboundedReceiver<(u128, Result<(), String>)>,
    records: UnboundedReceiver<Record>,
    _kept: (Cluster, Arc<dyn Transport>, Arc<dyn Inbox>),
}

impl Gathering {
    /// So many records are sent before it gathers.
    const BEFORE: u128 = 100;

    async fn open(name: &str) -> Self {
        let topic = unique(name);
        let cluster = Cluster::from_env_or_embedded().unwrap();
        let transport = with_topic(&cluster, &topic).await;
        let (sink, records) = unbounded_channel();
        let inbox = transport.inbox(&[], Box::new(Sink(sink))).unwrap();
        inbox.follow(first(&topic)).await.unwrap();

        let writes = Writes::Replies;
        let config = ClusterConfig::new(cluster.bootstrap_servers().to_owned());
        let (sink, delivered) = unbounded_channel();
        let producer = KafkaProducer::open(&config, &[], writes, Arc::new(Sink(sink))).unwrap();
        assert!(!producer.gathers(), "nobody has asked for it yet");
        let gathering = Self {
            topic,
            producer,
            written: Written {
                delivered,
                records,
                _kept: (cluster, transport, inbox),
            },
        };
        gathering.send(0..Self::BEFORE);
        let open = async {
            while !gathering.producer.gathers() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(LIMIT, open).await.expect("it is not opened");
        gathering
    }

    fn send(&self, tokens: Range<u128>) {
        for token in tokens {
            let record = Outgoing {
                patient: true,
                ..outgoing(&self.topic, "patient")
            };
            self.producer.send(record, Some(token)).unwrap();
        }
    }
}

impl Written {
    /// Each of so many records is told of once, and read.
    async fn all(mut self, count: u128) {
        let mut told = Vec::new();
        for _ in 0..count {
            let (token, outcome) = next(&mut self.delivered).await;
            assert_eq!(outcome, Ok(()));
            told.push(token);
            next::<Record>(&mut self.records).await;
        }
        told.sort_unstable();
        assert_eq!(told, (0..count).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn patient_records_get_a_client_of_their_own_and_all_are_told_of() {
    let gathering = Gathering::open("patient").await;
    gathering.send(Gathering::BEFORE..200);
    gathering.written.all(200).await;
}

#[tokio::test]
async fn what_is_under_way_is_written_when_a_producer_that_gathers_is_dropped() {
    let gathering = Gathering::open("dropped").await;
    gathering.send(Gathering::BEFORE..200);
    drop(gathering.producer);
    gathering.written.all(200).await;
}

#[tokio::test]
async fn others_take_the_place_of_clients_that_can_not_go_on() {
    let gathering = Gathering::open("renewed").await;
    gathering.producer.break_down();
    gathering.send(Gathering::BEFORE..200);
    assert!(gathering.producer.gathers());
    let usual = outgoing(&gathering.topic, "usual");
    gathering.producer.send(usual, Some(200)).unwrap();
    gathering.written.all(201).await;
}

#[tokio::test]
async fn nothing_gathers_where_the_user_has_said_how_long_records_wait_or_somebody_waits_for_them()
{
    let cluster = Cluster::from_env_or_embedded().unwrap();
    for (writes, own, may) in [
        (Writes::Replies, None, true),
        (Writes::Requests, Some(("client.id", "mine")), true),
        (Writes::Replies, Some(("linger.ms", "1")), false),
        (Writes::Replies, Some(("linger.ms", "0")), false),
        (
            Writes::Requests,
            Some(("queue.buffering.max.ms", "1")),
            false,
        ),
        (Writes::DurableRequests, None, false),
    ] {
        let mut config = ClusterConfig::new(cluster.bootstrap_servers().to_owned());
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let may_gather = |config: &ClusterConfig, own: &[(String, String)]| {
            let (sink, _delivered) = unbounded_channel();
            let producer = KafkaProducer::open(config, own, writes, Arc::new(Sink(sink)));
            producer.unwrap().may_gather()
        };
        assert_eq!(may_gather(&config, own.as_slice()), may, "{own:?}");
        config.properties.extend(own.clone());
        assert_eq!(may_gather(&config, &[]), may, "{own:?}");
    }
}

#[tokio::test]
async fn an_unreachable_cluster_is_an_error_within_the_limit() {
    let transport = Cluster::new("127.0.0.1:1").transport();
    let error = timeout(LIMIT, transport.check(Duration::from_secs(2)))
        .await
        .expect("no answer in time")
        .unwrap_err();
    assert_eq!(error.failure, Failure::Unreachable, "{error}");
    assert!(error.message.contains("127.0.0.1:1"), "{error}");
}

#[tokio::test]
async fn a_wrong_property_is_an_error_that_names_it() {
    let cluster = Cluster::new("127.0.0.1:1").property("linger.msec", "1");
    let error = cluster.transport().check(LIMIT).await.unwrap_err();
    assert_eq!(error.failure, Failure::Config);
    assert!(error.message.contains("linger.msec"), "{error}");
}

enum Event {
    Assigned(Option<CommittedOffset>),
    Record(i64),
    Committed(Result<(), String>),
    Left,
}

/// Commits "offset 1, and `note`" once it has read two records; leaves when told.
struct Reader {
    events: UnboundedSender<Event>,
    partition: Option<PartitionRef>,
    seen: usize,
    committed: bool,
    leave: Arc<std::sync::atomic::AtomicBool>,
}

impl Member for Reader {
    fn assigned(&mut self, partition: &PartitionRef, at: Option<CommittedOffset>) -> Start {
        self.partition = Some(partition.clone());
        let start = at
            .as_ref()
            .map_or(Start::Beginning, |at| Start::At(at.offset));
        let _gone = self.events.send(Event::Assigned(at));
        start
    }
    fn joined(&mut self) {}
    fn revoked(&mut self, _: &[PartitionRef]) {}
    fn drained(&mut self, _: &[PartitionRef]) -> bool {
        true
    }
    fn release(&mut self, _: &PartitionRef) -> Option<CommittedOffset> {
        None
    }
    fn lost(&mut self, _: &[PartitionRef]) {}
    fn records(&mut self, batch: &mut [Record]) {
        for record in batch {
            self.seen += 1;
            let _gone = self.events.send(Event::Record(record.offset));
        }
    }
    fn unreadable(&mut self, _: &PartitionRef, _: std::ops::Range<i64>, _: &str) {}

    fn committed(&mut self, _: u64, outcome: Result<(), TransportError>) {
        let outcome = outcome.map_err(|error| error.message);
        let _gone = self.events.send(Event::Committed(outcome));
    }
    fn tick(&mut self, control: &dyn Control) -> Option<Duration> {
        if self.leave.load(std::sync::atomic::Ordering::Relaxed) {
            return None;
        }
        if let (Some(partition), 2.., false) = (&self.partition, self.seen, self.committed) {
            let at = CommittedOffset {
                offset: 1,
                metadata: "note".to_owned(),
            };
            control.commit(1, &[(partition.clone(), at)]).unwrap();
            self.committed = true;
        }
        Some(Duration::from_millis(5))
    }
    fn failed(&mut self, error: TransportError) {
        panic!("{error}");
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _gone = self.events.send(Event::Left);
    }
}

#[tokio::test]
async fn the_next_member_begins_where_the_last_one_committed() {
    let topic = unique("group");
    let transport = transport(&topic).await;
    let (sink, mut delivered) = unbounded_channel();
    let producer = transport
        .producer(Writes::Replies, &[], Arc::new(Sink(sink)))
        .unwrap();
    for token in 0..3 {
        producer
            .send(outgoing(&topic, "request"), Some(token))
            .unwrap();
        assert_eq!(next(&mut delivered).await, (token, Ok(())));
    }
    let group = topic.to_string();
    let join = || {
        let (events, receiver) = unbounded_channel();
        let leave = Arc::<std::sync::atomic::AtomicBool>::default();
        let reader = Reader {
            events,
            partition: None,
            seen: 0,
            committed: false,
            leave: Arc::clone(&leave),
        };
        let config = GroupConfig {
            group: group.clone(),
            topics: vec![Arc::clone(&topic)],
            batch: 2,
            instance_id: None,
            properties: Vec::new(),
            transactions: None,
        };
        transport.join(config, Box::new(reader)).unwrap();
        (receiver, leave)
    };

    let (mut first, leave) = join();
    assert!(matches!(next(&mut first).await, Event::Assigned(None)));
    assert!(matches!(next(&mut first).await, Event::Record(0)));
    assert!(matches!(next(&mut first).await, Event::Record(1)));
    loop {
        match next(&mut first).await {
            Event::Record(2) => {}
            Event::Committed(outcome) => break outcome.unwrap(),
            _ => panic!("neither the third record nor the commit's outcome"),
        }
    }
    leave.store(true, std::sync::atomic::Ordering::Relaxed);
    while !matches!(next(&mut first).await, Event::Left) {}

    let (mut second, leave) = join();
    let Event::Assigned(Some(at)) = next(&mut second).await else {
        panic!("no committed offset");
    };
    assert_eq!((at.offset, &*at.metadata), (1, "note"));
    assert!(matches!(next(&mut second).await, Event::Record(1)));
    leave.store(true, std::sync::atomic::Ordering::Relaxed);
}

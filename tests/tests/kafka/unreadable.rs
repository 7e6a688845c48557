//! Records that the client library can't read: who reads steps past them, and a server says where they are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use kafka_rpc::{Request, TopicSettings};
use kafka_rpc_tests::foreign::{Foreign, Record, Replies};
use kafka_rpc_tests::kafka::{self, Damage};
use kafka_rpc_tests::require_java;
use kafka_rpc_tests::service::{Order, Scripted, receipt};
use kafka_rpc_tests::world::World;
use tokio::time::{Duration, Instant, sleep};

use crate::world::world;

/// So long a partition may stand still.
const SUSPECTED_AFTER: Duration = Duration::from_secs(10);
/// A silent stall is suspected then, and looked at for some more.
const LIMIT: Duration = Duration::from_secs(60);

/// A topic of one partition that keeps batches as they were compressed.
struct Probe {
    world: World,
    requests: String,
    replies: Replies,
    letters: Replies,
}

impl Probe {
    async fn start() -> Self {
        let keeps = TopicSettings::new()
            .partitions(1)
            .request_config("compression.type", "producer");
        let world = world().with(|cluster| cluster.topics(keeps));
        // Makes the topics, and ends.
        world.desk(Scripted::echo()).await.shutdown().await;
        let foreign = Foreign::new(world.cluster());
        let requests = world.name("tests.v1.Desk.Ask");
        Self {
            replies: foreign.read(&format!("{requests}.reply")),
            letters: foreign.read(&format!("{requests}.dead-letter")),
            world,
            requests,
        }
    }

    /// Writes so many requests in a batch.
    async fn batch(&self, records: u32, id: &str, codec: &str) {
        let properties = [("compression.type", codec), ("linger.ms", "200")];
        let foreign = Foreign::with(self.world.cluster(), &properties);
        let request = |number| Record::request(&self.requests, id, &Order::number(number));
        join_all((0..records).map(|number| foreign.write(request(number)))).await;
    }

    /// Has a program of Java's write what the library can't unpack.
    fn zstd(&self) -> [&str; 4] {
        ["--topic", &self.requests, "--compression-codec", "zstd"]
    }

    /// The requests behind those that can't be read are answered; the letter says where those are.
    async fn steps_past(&mut self, first: i64, last: i64) {
        let server = self.world.desk(Scripted::echo()).await;
        let until = Instant::now() + LIMIT;
        let reply = loop {
            let mut replies = self.replies.so_far().into_iter();
            if let Some(reply) = replies.find(|it| it.text("kafka_correlationId") == "after") {
                break reply;
            }
            assert!(Instant::now() < until, "the request behind is not answered");
            sleep(Duration::from_millis(20)).await;
        };
        assert_eq!(reply.get("grpc-status"), None, "{reply:?}");
        let letter = self.letters.next().await;
        assert_eq!(
            letter.text("rpc-dead-letter-cause"),
            "unreadable",
            "{letter:?}"
        );
        assert_eq!(letter.text("rpc-dead-letter-code"), "15");
        assert_eq!(letter.text("rpc-dead-letter-topic"), self.requests);
        assert_eq!(letter.text("rpc-dead-letter-offset"), first.to_string());
        assert_eq!(letter.text("rpc-dead-letter-last-offset"), last.to_string());
        let group = Foreign::new(self.world.cluster()).group(&self.world.name("tests.v1.Desk"));
        let finished = |at: &kafka_rpc_tests::foreign::Committed| at.offset == last + 2;
        group
            .reaches(&self.requests, 0, "all is finished", finished)
            .await;
        assert_eq!(self.letters.so_far(), []);
        server.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_of_a_compression_that_the_library_does_not_know_is_stepped_past() {
    require_java!();
    let mut probe = Probe::start().await;
    probe.batch(2, "before", "none").await;
    kafka::shared()
        .tool("org.apache.kafka.tools.ConsoleProducer", &probe.zstd())
        .input("one\ntwo\nthree\nfour\nfive\n".to_owned())
        .run();
    probe.batch(1, "after", "none").await;
    probe.steps_past(2, 6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_can_not_be_decompressed_is_stepped_past() {
    require_java!();
    let mut probe = Probe::start().await;
    probe.batch(3, "before", "none").await;
    probe.batch(20, "damaged", "gzip").await;
    probe.batch(1, "after", "none").await;
    kafka::shared().damage(&probe.requests, 0, 3, Damage::Compressed);
    probe.steps_past(3, 22).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_of_which_the_library_says_nothing_is_stepped_past() {
    require_java!();
    let mut probe = Probe::start().await;
    probe.batch(3, "before", "none").await;
    probe.batch(2, "damaged", "none").await;
    probe.batch(1, "after", "none").await;
    kafka::shared().damage(&probe.requests, 0, 3, Damage::Length);
    probe.steps_past(3, 4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_handled_again_where_nothing_comes_behind_what_can_not_be_read() {
    require_java!();
    let mut probe = Probe::start().await;
    probe.batch(3, "before", "none").await;
    let handled = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&handled);
    let script = Scripted::new(move |request| {
        counts.fetch_add(1, Ordering::Relaxed);
        async { Ok(receipt(request.into_inner())) }
    });
    let server = probe.world.desk(script).await;
    kafka::shared()
        .tool("org.apache.kafka.tools.ConsoleProducer", &probe.zstd())
        .input("one\ntwo\n".to_owned())
        .run();
    let letter = probe.letters.next().await;
    assert_eq!(letter.text("rpc-dead-letter-last-offset"), "4");
    // Long enough for the partition to be suspected again, and looked at.
    sleep(2 * SUSPECTED_AFTER).await;
    assert_eq!(handled.load(Ordering::Relaxed), 3);
    probe.batch(1, "after", "none").await;
    server.shutdown().await;
    assert_eq!(handled.load(Ordering::Relaxed), 4);
}

/// A world whose reply topics have one partition, and keep batches as they were compressed.
fn one_reply_partition() -> World {
    let keeps = TopicSettings::new()
        .reply_partitions(1)
        .reply_config("compression.type", "producer");
    world().with(|cluster| cluster.topics(keeps))
}

/// An order whose reply may take as long as a stall does.
fn patient(number: u32) -> Request<Order> {
    let mut request = Request::new(Order::number(number));
    request.set_timeout(LIMIT);
    request
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replies_behind_a_batch_of_a_compression_that_the_library_does_not_know_are_read() {
    require_java!();
    let world = one_reply_partition();
    let server = world.desk(Scripted::echo()).await;
    let mut desk = world.client().await;
    desk.ask(Order::number(1)).await.unwrap();

    let replies = format!("{}.reply", world.name("tests.v1.Desk.Ask"));
    let arguments = ["--topic", &replies, "--compression-codec", "zstd"];
    kafka::shared()
        .tool("org.apache.kafka.tools.ConsoleProducer", &arguments)
        .input("one\ntwo\nthree\nfour\nfive\n".to_owned())
        .run();
    for number in 2..5 {
        let reply = desk.ask(patient(number)).await.unwrap();
        assert_eq!(reply.get_ref().number, number);
    }
    server.shutdown().await;
}

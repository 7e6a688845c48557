//! Requests that their producers have compressed.

use kafka_rpc::TopicSettings;
use kafka_rpc_tests::foreign::{Foreign, Record};
use kafka_rpc_tests::service::{Order, Receipt, Scripted};
use kafka_rpc_tests::world::World;
use kafka_rpc_tests::{kafka, require_java};

use crate::world::world;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_broker_unpacks_what_it_is_sent_whether_or_not_we_could() {
    require_java!();
    let world = world();
    let _server = world.desk(Scripted::echo()).await;
    answers_compressed_requests(&world).await;

    // Of zstd our client library knows nothing.
    let requests = world.name("tests.v1.Desk.Place");
    let replies = format!("{requests}.reply");
    let arguments = [
        "--topic",
        &requests,
        "--reader-property",
        "parse.headers=true",
        "--compression-codec",
        "zstd",
    ];
    // Number 7.
    let order = "\x10\x07";
    kafka::shared()
        .tool("org.apache.kafka.tools.ConsoleProducer", &arguments)
        .input(format!(
            "kafka_correlationId:call,kafka_replyTopic:{replies}\t{order}\n"
        ))
        .run();
    let reply = Foreign::new(world.cluster()).read(&replies).next().await;
    assert_eq!(reply.decode::<Receipt>().number, 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_topic_keeps_compressed_the_server_unpacks() {
    require_java!();
    let keeps = TopicSettings::new().request_config("compression.type", "producer");
    let world = world().with(|cluster| cluster.topics(keeps));
    let _server = world.desk(Scripted::echo()).await;
    answers_compressed_requests(&world).await;
}

async fn answers_compressed_requests(world: &World) {
    let requests = world.name("tests.v1.Desk.Ask");
    let mut replies = Foreign::new(world.cluster()).read(&format!("{requests}.reply"));
    for (number, codec) in (1..).zip(["gzip", "lz4", "snappy"]) {
        let foreign = Foreign::with(world.cluster(), &[("compression.type", codec)]);
        let order = Order {
            number,
            ..Order::large(10_000)
        };
        foreign
            .write(Record::request(&requests, codec, &order))
            .await;
        let reply = replies.next().await;
        assert_eq!(reply.text("kafka_correlationId"), codec);
        let receipt = reply.decode::<Receipt>();
        assert_eq!((receipt.number, receipt.payload), (number, order.payload));
    }
}

//! Kafka's own command line tools as a client.

use kafka_rpc_tests::service::Scripted;
use kafka_rpc_tests::{kafka, require_java};

use crate::world::world;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_from_the_console_is_answered_to_the_console() {
    require_java!();
    let world = world();
    let _server = world.desk(Scripted::echo()).await;
    let requests = world.name("tests.v1.Desk.Ask");
    let replies = format!("{requests}.reply");

    // Number 7, payload "hello", as protobuf.
    let order = "\x10\x07\x1a\x05hello";
    let line = format!("kafka_correlationId:call-1,kafka_replyTopic:{replies}\t{order}\n");
    let write = [
        "--topic",
        &requests,
        "--reader-property",
        "parse.headers=true",
    ];
    kafka::shared()
        .tool("org.apache.kafka.tools.ConsoleProducer", &write)
        .input(line)
        .run();

    let read = [
        "--topic",
        &replies,
        "--from-beginning",
        "--max-messages",
        "1",
        "--formatter-property",
        "print.headers=true",
    ];
    let reply = kafka::shared()
        .tool("org.apache.kafka.tools.consumer.ConsoleConsumer", &read)
        .run();
    let (headers, receipt) = reply.split_once('\t').expect("headers, then the value");
    assert!(headers.contains("kafka_correlationId:call-1"), "{reply:?}");
    assert!(!headers.contains("grpc-status"), "{reply:?}");
    assert_eq!(receipt, "\x08\x07\x12\x05hello\n");
}

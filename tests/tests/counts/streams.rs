//! What becomes of streams is counted.

use std::time::Duration;

use kafka_rpc::Server;
use kafka_rpc_tests::foreign::{Foreign, Record};
use kafka_rpc_tests::relay::{Ask, Numbers, RelayClient, RelayServer};
use kafka_rpc_tests::soon;
use kafka_rpc_tests::world::World;

use crate::counters::Counters;

const STRAYS: &str = "kafka_rpc.server.stray_frames";
const BROKEN: &str = "kafka_rpc.server.broken_streams";
const OPEN_AT_SERVERS: &str = "kafka_rpc.server.open_streams";
const OPEN_AT_CHANNELS: &str = "kafka_rpc.client.open_streams";

fn relay() -> kafka_rpc::ServerBuilder {
    Server::builder().add_service(RelayServer::new(Numbers::default()))
}

fn frame(topic: &str, id: &str, frame: &str, number: u64) -> Record {
    Record::to(topic)
        .header("kafka_correlationId", id)
        .header("rpc-frame", frame)
        .header("rpc-seq", number.to_string())
        .header("rpc-credit", "1 1")
}

fn begin(topic: &str, id: &str) -> Record {
    Record::to(topic)
        .header("kafka_correlationId", id)
        .header("kafka_replyTopic", format!("{topic}.reply"))
}

#[tokio::test]
async fn frames_for_streams_that_are_not_open_are_counted_whatever_they_are() {
    let mut counters = Counters::start().await;
    let world = World::with_partitions(1);
    let _server = world.serve(relay()).await;
    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Relay.Sum");
    for kind in ["message", "half-close", "credit", "nonsense"] {
        foreign.write(frame(&topic, "unknown", kind, 1)).await;
    }
    counters.reaches(STRAYS, 4).await;
    foreign.write(begin(&topic, "known")).await;
    foreign.write(frame(&topic, "known", "message", 1)).await;
    foreign.write(frame(&topic, "known", "half-close", 2)).await;
    foreign.read(&format!("{topic}.reply")).next().await;
    counters.reaches(OPEN_AT_SERVERS, 0).await;
    foreign.write(frame(&topic, "known", "message", 3)).await;
    counters.reaches(STRAYS, 5).await;
    assert_eq!(counters.get(BROKEN), 0);
}

#[tokio::test]
async fn a_stream_whose_caller_breaks_the_contract_is_counted() {
    let mut counters = Counters::start().await;
    let world = World::with_partitions(1);
    let _server = world.serve(relay()).await;
    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Relay.Sum");
    foreign.write(begin(&topic, "gap")).await;
    counters.reaches(OPEN_AT_SERVERS, 1).await;
    foreign.write(frame(&topic, "gap", "message", 2)).await;
    counters.reaches(BROKEN, 1).await;
    counters.reaches(OPEN_AT_SERVERS, 0).await;
}

#[tokio::test]
async fn a_stream_that_can_not_begin_is_counted_as_refused() {
    let mut counters = Counters::start().await;
    let world = World::with_partitions(1);
    let _server = world.serve(relay().stream_limit(1)).await;
    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Relay.Sum");
    for id in ["one", "two"] {
        foreign.write(begin(&topic, id)).await;
    }
    let no_address = begin(&topic, "three").without("kafka_replyTopic");
    foreign.write(no_address).await;
    for (reason, answered) in [("too_many", true), ("malformed", false)] {
        let name = format!(
            "kafka_rpc.server.refused_requests{{kafka_rpc.refusal.reason={reason},\
             kafka_rpc.refusal.answered={answered}}}"
        );
        counters.reaches(&name, 1).await;
    }
    foreign.write(frame(&topic, "one", "cancel", 1)).await;
    counters.reaches(OPEN_AT_SERVERS, 0).await;
}

#[tokio::test]
async fn open_lost_and_resumed_streams_are_counted_at_both_sides() {
    let mut counters = Counters::start().await;
    let world = World::with_partitions(1);
    let server = world.serve(relay()).await;
    let channel = world.channel().await;
    channel.prepare(<RelayClient>::DESCRIPTOR).await.unwrap();
    let mut relay_client = RelayClient::new(channel);
    let slow = Ask {
        count: 1_000_000,
        pause_millis: 10,
        ..Ask::default()
    };
    let mut numbers = relay_client.resume(slow).await.unwrap().into_inner();
    soon("one comes", numbers.message()).await.unwrap();
    counters.reaches(OPEN_AT_SERVERS, 1).await;
    counters.reaches(OPEN_AT_CHANNELS, 1).await;
    let read = tokio::spawn(async move {
        while numbers.message().await.unwrap().is_some() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    server.shutdown().await;
    let _next = world.serve(relay()).await;
    counters.reaches("kafka_rpc.client.lost_streams", 1).await;
    counters
        .reaches("kafka_rpc.client.resumed_streams", 1)
        .await;
    counters.reaches(OPEN_AT_SERVERS, 1).await;
    counters.reaches(OPEN_AT_CHANNELS, 1).await;
    read.abort();
    counters.reaches(OPEN_AT_SERVERS, 0).await;
    counters.reaches(OPEN_AT_CHANNELS, 0).await;
}

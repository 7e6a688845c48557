//! Dead letters on a real Kafka.

use std::time::Duration;

use kafka_rpc::{DeadLetters, DeadLettersError, TopicSettings};
use kafka_rpc_tests::desk_server::{DeskServer, Settings};
use kafka_rpc_tests::foreign::{Foreign, Record};
use kafka_rpc_tests::require_java;
use kafka_rpc_tests::service::{Order, Scripted};
use kafka_rpc_tests::world::World;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;

use crate::world::{SERVER, world};

const ASK: &str = "tests.v1.Desk.Ask";

/// Its request topics have one partition each; its letters this setting.
fn one_partition(name: &str, value: &str) -> World {
    let topics = TopicSettings::new()
        .partitions(1)
        .dead_letter_config(name, value);
    world().with(|cluster| cluster.topics(topics))
}

fn anonymous(topic: &str, number: u32) -> Record {
    Record::request(topic, "call", &Order::number(number)).without("kafka_replyTopic")
}

async fn takes_letters(world: &World, topic: &str) {
    let admin: AdminClient<DefaultClientContext> = ClientConfig::new()
        .set("bootstrap.servers", world.cluster().bootstrap_servers())
        .create()
        .unwrap();
    let change =
        AlterConfig::new(ResourceSpecifier::Topic(topic)).set("max.message.bytes", "1114112");
    let outcome = admin
        .alter_configs([&change], &AdminOptions::new())
        .await
        .unwrap();
    assert!(outcome.iter().all(Result::is_ok), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_servers_letter_is_not_lost_nor_finished_before_it_is_acknowledged() {
    require_java!();
    // The topic has no room for any letter.
    let world = one_partition("max.message.bytes", "100");
    world.desk(Scripted::echo()).await.shutdown().await;
    let (requests, letters) = (world.name(ASK), world.name(&format!("{ASK}.dead-letter")));
    let folder = tempfile::tempdir().unwrap();
    let mut killed = DeskServer::start(SERVER, &Settings::new(&world, folder.path().join("runs")));
    let foreign = Foreign::new(world.cluster());
    foreign.write(anonymous(&requests, 0)).await;
    foreign
        .write(anonymous(&requests, 1).header("grpc-timeout", "never"))
        .await;
    foreign.write(anonymous(&requests, 2)).await;

    let group = foreign.group(&world.name("tests.v1.Desk"));
    let open = |at: &kafka_rpc_tests::foreign::Committed| at.offset == 1 && !at.metadata.is_empty();
    group
        .reaches(&requests, 0, "the others are finished", open)
        .await;
    // As long as it takes: here, some more commits.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let committed = group.committed(&requests, 0).await.unwrap();
    assert!(open(&committed), "{committed:?}");
    killed.kill();

    takes_letters(&world, &letters).await;
    let _next = world.desk(Scripted::echo()).await;
    let mut letters = foreign.read(&letters);
    let letter = letters.next().await;
    assert_eq!(letter.decode::<Order>().number, 1);
    assert_eq!(letter.text("rpc-dead-letter-offset"), "1");
    group
        .reaches(&requests, 0, "it is finished", |at| at.offset == 3)
        .await;
    assert_eq!(letters.so_far(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_that_its_topic_has_no_room_for_is_one_without_the_value() {
    require_java!();
    let world = one_partition("max.message.bytes", "10000");
    let _server = world.desk(Scripted::echo()).await;
    let requests = world.name(ASK);
    let large = Record::request(&requests, "call", &Order::large(100_000))
        .without("kafka_replyTopic")
        .header("grpc-timeout", "never");
    Foreign::new(world.cluster()).write(large.clone()).await;
    let letters = world.name(&format!("{ASK}.dead-letter"));
    let letter = Foreign::new(world.cluster()).read(&letters).next().await;
    let bytes = large.value.map_or(0, |value| value.len());
    assert_eq!(letter.text("rpc-dead-letter-omitted"), bytes.to_string());
    assert_eq!(letter.text("rpc-dead-letter-cause"), "refused");
    assert_eq!(letter.value.unwrap_or_default(), b"");

    let letters = DeadLetters::of_topic(world.cluster(), &requests)
        .await
        .unwrap();
    let letter = letters.list(None, 9).await.unwrap().pop().unwrap();
    assert!(!letter.is_whole());
    let outcome = letters.replay(letter.id()).await;
    assert!(
        matches!(outcome, Err(DeadLettersError::Incomplete(_))),
        "{outcome:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_are_purged_up_to_one_and_altogether() {
    require_java!();
    let world = one_partition("segment.ms", "600000");
    let _server = world.desk(Scripted::echo()).await;
    let requests = world.name(ASK);
    let foreign = Foreign::new(world.cluster());
    let mut seen = foreign.read(&world.name(&format!("{ASK}.dead-letter")));
    for number in 0..5 {
        foreign
            .write(anonymous(&requests, number).header("grpc-timeout", "never"))
            .await;
        seen.next().await;
    }
    let letters = DeadLetters::of_topic(world.cluster(), &requests)
        .await
        .unwrap();
    let all = letters.list(None, 9).await.unwrap();
    assert_eq!(all.len(), 5);
    letters.purge_through(all[1].id()).await.unwrap();
    let left = letters.list(None, 9).await.unwrap();
    let ids = |letters: &[kafka_rpc::DeadLetter]| -> Vec<String> {
        letters
            .iter()
            .map(|letter| letter.id().to_string())
            .collect()
    };
    assert_eq!(ids(&left), ids(&all[2..]));
    let outcome = letters.show(all[0].id()).await;
    assert!(
        matches!(outcome, Err(DeadLettersError::Missing(_))),
        "{outcome:?}"
    );
    letters.purge().await.unwrap();
    assert!(letters.list(None, 9).await.unwrap().is_empty());
}

//! What keeps a server or a channel from starting, and how it is told.

use std::time::{Duration, Instant};

use kafka_rpc::{Channel, Cluster, Code, Error, Server, TopicSettings};
use kafka_rpc_tests::service::{DeskClient, DeskServer, LedgerServer, Order, Scripted};
use kafka_rpc_tests::soon;
use kafka_rpc_tests::world::{World, desk};

fn creates_nothing() -> World {
    let topics = TopicSettings::new()
        .create(false)
        .partitions(7)
        .replication(3);
    World::embedded().with(|cluster| cluster.topics(topics))
}

/// An address at which nobody listens.
fn nobody() -> Cluster {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    Cluster::new(listener.local_addr().unwrap().to_string())
}

#[tokio::test]
async fn a_server_without_services_does_not_start() {
    let world = World::embedded();
    let error = soon("it ends", Server::builder().serve(world.cluster()))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Config(why) if why.contains("no services")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_server_with_a_service_twice_does_not_start() {
    let world = World::embedded();
    let builder = desk(Scripted::echo()).add_service(DeskServer::new(Scripted::echo()));
    let error = soon("it ends", builder.serve(world.cluster()))
        .await
        .unwrap_err();
    let why = "service tests.v1.Desk was added twice";
    assert!(
        matches!(&error, Error::Config(message) if message.contains(why)),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_server_whose_topics_are_missing_lists_them_all_with_the_commands_that_make_them() {
    let world = creates_nothing();
    let builder = desk(Scripted::echo()).add_service(LedgerServer::new(Scripted::echo()));
    let error = soon("it ends", builder.serve(world.cluster()))
        .await
        .unwrap_err();
    let Error::Topics(problems) = &error else {
        panic!("{error:?}");
    };
    let mut topics: Vec<_> = problems
        .iter()
        .map(|problem| problem.topic().to_owned())
        .collect();
    topics.sort();
    let expected = [
        "tests.v1.Desk.Ask",
        "tests.v1.Desk.Ask.dead-letter",
        "tests.v1.Desk.Ask.reply",
        "tests.v1.Desk.Pay",
        "tests.v1.Desk.Pay.dead-letter",
        "tests.v1.Desk.Pay.reply",
        "tests.v1.Desk.Place",
        "tests.v1.Desk.Place.dead-letter",
        "tests.v1.Desk.Place.reply",
        "tests.v1.Ledger",
        "tests.v1.Ledger.dead-letter",
        "tests.v1.Ledger.reply",
    ];
    assert_eq!(topics, expected.map(|name| world.name(name)));

    let told = error.to_string();
    for problem in problems.iter() {
        assert!(problem.reason().contains("creating topics is switched off"));
        let command = problem.command();
        let reply = problem.topic().ends_with(".reply");
        let expected = format!(
            "kafka-topics.sh --bootstrap-server {} --create --topic {} --partitions {} \
             --replication-factor 3 ",
            world.cluster().bootstrap_servers(),
            problem.topic(),
            match problem.topic() {
                letters if letters.ends_with(".dead-letter") => 1,
                _ if reply => 4,
                _ => 7,
            },
        );
        assert!(command.starts_with(&expected), "{command}");
        assert!(
            command.contains("--config cleanup.policy=delete"),
            "{command}"
        );
        assert_eq!(
            command.contains("--config retention.ms=3600000"),
            reply,
            "{command}"
        );
        assert!(
            told.contains(command) && told.contains(problem.reason()),
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_channel_to_a_service_whose_topics_are_missing_does_not_connect() {
    let world = creates_nothing();
    let builder = Channel::builder().service(<DeskClient>::DESCRIPTOR);
    let error = soon("it ends", builder.connect(world.cluster()))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Topics(problems) if problems.iter().count() == 6),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_call_of_a_method_whose_topics_are_missing_fails_and_works_when_they_are_there() {
    let world = creates_nothing();
    let mut desk = DeskClient::new(world.channel().await);
    let status = desk.ask(Order::default()).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert!(status.message().contains("kafka-topics.sh"), "{status}");
    assert!(
        status
            .message()
            .contains(&world.name("tests.v1.Desk.Ask.reply")),
        "{status}"
    );

    let builder = kafka_rpc_tests::world::desk(Scripted::echo()).topics(TopicSettings::new());
    let _server = world.serve(builder).await;
    assert_eq!(
        desk.ask(Order::number(1)).await.unwrap().get_ref().number,
        1
    );
}

#[tokio::test]
async fn topics_that_are_there_are_left_as_they_are() {
    let world = World::embedded();
    let small = TopicSettings::new().partitions(2).reply_partitions(3);
    let server = world.serve(desk(Scripted::echo()).topics(small)).await;
    server.shutdown().await;
    let error = desk(Scripted::echo()).topics(TopicSettings::new().create(false).partitions(9));
    let handle = error.handle();
    let serving = tokio::spawn(error.serve(world.cluster()));
    soon("the server is ready", handle.ready()).await;
    handle.shutdown();
    soon("the server ends", serving).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_cluster_that_can_not_be_reached_is_told_within_the_time_limit() {
    let limit = Duration::from_millis(500);
    let begun = Instant::now();
    let channel = Channel::builder()
        .connect_timeout(limit)
        .connect(&nobody())
        .await;
    let error = channel.unwrap_err();
    assert!(matches!(&error, Error::Unreachable(_)), "{error:?}");
    assert!(error.to_string().contains("127.0.0.1"), "{error}");
    let builder = desk(Scripted::echo()).connect_timeout(limit);
    let error = builder.serve(&nobody()).await.unwrap_err();
    assert!(matches!(&error, Error::Unreachable(_)), "{error:?}");
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn a_property_that_can_not_be_is_told_by_name() {
    let world = World::embedded();
    let told = |error: Error, name: &str| {
        assert!(
            matches!(&error, Error::Config(why) if why.contains(name)),
            "{error:?}"
        );
    };
    let channel = Channel::builder().producer_property("no.such.property", "1");
    told(
        channel.connect(world.cluster()).await.unwrap_err(),
        "no.such.property",
    );
    let channel = Channel::builder().consumer_property("fetch.min.bytes", "many");
    told(
        channel.connect(world.cluster()).await.unwrap_err(),
        "fetch.min.bytes",
    );
    let server = desk(Scripted::echo()).producer_property("acks", "some");
    told(server.serve(world.cluster()).await.unwrap_err(), "acks");
    let server = desk(Scripted::echo()).consumer_property("no.such.property", "1");
    told(
        server.serve(world.cluster()).await.unwrap_err(),
        "no.such.property",
    );
    let cluster = Cluster::new("127.0.0.1:1").property("no.such.property", "1");
    told(
        Channel::connect(&cluster).await.unwrap_err(),
        "no.such.property",
    );
}

#[tokio::test]
async fn a_topic_name_that_kafka_does_not_allow_is_told() {
    let world = World::embedded();
    let cluster = world.cluster().clone().topic_prefix("no spaces ");
    let error = desk(Scripted::echo()).serve(&cluster).await.unwrap_err();
    assert!(
        matches!(&error, Error::Config(why) if why.contains("no spaces")),
        "{error:?}"
    );
    let channel = Channel::builder().service(<DeskClient>::DESCRIPTOR);
    let error = channel.connect(&cluster).await.unwrap_err();
    assert!(
        matches!(&error, Error::Config(why) if why.contains("no spaces")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_server_is_ready_when_it_has_its_partitions_and_not_before() {
    let world = World::embedded();
    let builder = desk(Scripted::echo());
    let handle = builder.handle();
    let early = tokio::time::timeout(Duration::from_millis(50), handle.ready()).await;
    assert!(early.is_err(), "nobody runs it yet");
    let serving = tokio::spawn(builder.serve(world.cluster()));
    soon("the server is ready", handle.ready()).await;
    // And still is.
    soon("the server is ready", handle.ready()).await;
    serving.abort();
}

/// A service that has nothing to offer yet.
#[kafka_rpc::service(name = "tests.v1.Nothing", client = false)]
pub trait Nothing {}

impl Nothing for () {}

#[tokio::test]
async fn a_service_without_methods_does_not_keep_a_server_from_starting() {
    let world = World::embedded();
    let builder = desk(Scripted::echo()).add_service(NothingServer::new(()));
    let server = world.serve(builder).await;
    assert!(world.client().await.ask(Order::number(1)).await.is_ok());
    server.shutdown().await;
}

#[tokio::test]
async fn a_server_without_any_method_does_not_start() {
    let world = World::embedded();
    let builder = Server::builder().add_service(NothingServer::new(()));
    let error = soon("it ends", builder.serve(world.cluster()))
        .await
        .unwrap_err();
    let why = "none of the server's services has a method";
    assert!(
        matches!(&error, Error::Config(message) if message == why),
        "{error:?}"
    );
}

//! The topics of a service: how they are created, what happens where they may not be, and when they grow.

use std::collections::BTreeMap;
use std::time::Duration;

use kafka_rpc::{Channel, Error, Server, TopicSettings};
use kafka_rpc_tests::foreign::{Foreign, Record};
use kafka_rpc_tests::kafka::{self, TopicDescription};
use kafka_rpc_tests::load::Load;
use kafka_rpc_tests::require_java;
use kafka_rpc_tests::service::{DeskClient, LedgerServer, Order, Receipt, Scripted};
use kafka_rpc_tests::world::{World, desk};

use crate::world::world;

const METHODS: [&str; 3] = ["Ask", "Place", "Pay"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topics_are_created_with_the_documented_settings() {
    require_java!();
    let world = world();
    let _server = world.desk(Scripted::echo()).await;
    let topics = described(&world);
    assert_eq!(topics.len(), 3 * METHODS.len());
    let common = [
        ("cleanup.policy", "delete"),
        ("compression.type", "uncompressed"),
        ("max.message.bytes", "1114112"),
    ];
    let of_brokers_time = ("message.timestamp.type", "LogAppendTime");
    let short_lived = [
        of_brokers_time,
        ("retention.ms", "3600000"),
        ("segment.ms", "600000"),
    ];
    let kept_long = [of_brokers_time, ("retention.ms", "1209600000")];
    for method in METHODS {
        let requests = world.name(&format!("tests.v1.Desk.{method}"));
        let replies = format!("{requests}.reply");
        assert_eq!(topics[&requests], description(4, common));
        assert_eq!(
            topics[&replies],
            description(4, common.into_iter().chain(short_lived))
        );
        assert_eq!(
            topics[&format!("{requests}.dead-letter")],
            description(1, common.into_iter().chain(kept_long))
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topics_are_created_as_they_were_asked_for() {
    require_java!();
    let settings = TopicSettings::new()
        .partitions(2)
        .reply_partitions(3)
        .replication(1)
        .request_retention(Duration::from_secs(7_200))
        .request_config("flush.messages", "1000")
        .reply_retention(Duration::from_secs(60))
        .reply_config("cleanup.policy", "compact,delete");
    let world = world().with(|cluster| cluster.topics(settings));
    let _client = world.client().await;
    let topics = described(&world);
    let requests = &topics[&world.name("tests.v1.Desk.Ask")];
    let replies = &topics[&world.name("tests.v1.Desk.Ask.reply")];
    assert_eq!((requests.partitions, replies.partitions), (2, 3));
    assert_eq!((requests.replication, replies.replication), (1, 1));
    assert_eq!(requests.configs["retention.ms"], "7200000");
    assert_eq!(requests.configs["flush.messages"], "1000");
    assert_eq!(replies.configs["retention.ms"], "60000");
    assert_eq!(replies.configs["cleanup.policy"], "compact,delete");
}

#[tokio::test]
async fn where_creation_is_off_the_error_lists_every_topic_that_is_missing() {
    require_java!();
    let world = world().with(|cluster| cluster.topics(TopicSettings::new().create(false)));
    let of_method = |method: &&str| world.name(&format!("tests.v1.Desk.{method}"));
    let names = |suffixes: &[&str]| -> Vec<String> {
        let of_topic = |requests: String| suffixes.iter().map(move |it| format!("{requests}{it}"));
        let mut names: Vec<_> = METHODS.iter().map(of_method).flat_map(of_topic).collect();
        names.sort();
        names
    };
    let of_client = names(&["", ".reply"]);
    let of_server = names(&["", ".reply", ".dead-letter"]);
    let prepared = world
        .channel()
        .await
        .prepare(<DeskClient>::DESCRIPTOR)
        .await;
    let served = desk(Scripted::echo()).serve(world.cluster()).await;
    let connected = Channel::builder()
        .service(<DeskClient>::DESCRIPTOR)
        .connect(world.cluster())
        .await;
    for (outcome, expected) in [
        (prepared, &of_client),
        (served, &of_server),
        (connected.map(drop), &of_client),
    ] {
        let error = outcome.unwrap_err();
        let mut topics: Vec<String> = problems(&error)
            .into_iter()
            .map(|(topic, _)| topic)
            .collect();
        topics.sort();
        assert_eq!(topics, *expected);
        let text = error.to_string();
        let count = expected.len();
        assert!(
            text.starts_with(&format!("{count} topics can't be used:")),
            "{text}"
        );
        assert!(text.contains("creating topics is switched off"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_commands_of_the_error_make_the_topics_that_the_server_would_make() {
    require_java!();
    let serve = |world: &World, create: bool| {
        let settings = TopicSettings::new()
            .create(create)
            .partitions(2)
            .replication(1);
        let builder = Server::builder()
            .topics(settings)
            .add_service(LedgerServer::new(Scripted::echo()));
        let handle = builder.handle();
        (handle, builder.serve(world.cluster()))
    };
    let world = world();
    let error = serve(&world, false).1.await.unwrap_err();
    let problems = problems(&error);
    assert_eq!(problems.len(), 3, "{error}");
    for (_, command) in problems {
        let mut words = command.split(' ');
        assert_eq!(words.next(), Some("kafka-topics.sh"), "{command}");
        assert_eq!(words.next(), Some("--bootstrap-server"), "{command}");
        assert_eq!(words.next(), Some(kafka::shared().bootstrap()), "{command}");
        let arguments: Vec<&str> = words.collect();
        kafka::shared()
            .tool("org.apache.kafka.tools.TopicCommand", &arguments)
            .run();
    }
    let (handle, serving) = serve(&world, false);
    let _server = kafka_rpc_tests::world::Serving::start(handle, serving).await;

    let other = crate::world::world();
    let (handle, serving) = serve(&other, true);
    let _other_server = kafka_rpc_tests::world::Serving::start(handle, serving).await;
    let by_command: Vec<TopicDescription> = described(&world).into_values().collect();
    let by_server: Vec<TopicDescription> = described(&other).into_values().collect();
    assert_eq!(by_command.len(), 3);
    assert_eq!(by_command, by_server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partitions_can_be_added_while_calls_run() {
    require_java!();
    let one = TopicSettings::new().partitions(1).reply_partitions(1);
    let world = world().with(|cluster| {
        cluster
            .topics(one)
            .property("topic.metadata.refresh.interval.ms", "500")
    });
    let _server = world.desk(Scripted::echo()).await;
    let load = Load::start(&world.client().await, 16, Duration::from_secs(20));
    load.goes_on(100).await;
    let requests = world.name("tests.v1.Desk.Ask");
    for topic in [&requests, &format!("{requests}.reply")] {
        let more = ["--alter", "--topic", topic, "--partitions", "3"];
        kafka::shared()
            .tool("org.apache.kafka.tools.TopicCommand", &more)
            .run();
    }
    load.goes_on(500).await;

    // A producer that knows of them already.
    let foreign = Foreign::new(world.cluster());
    let request = Record::request(&requests, "call-1", &Order::number(5)).partition(2);
    foreign.write(request).await;
    let mut replies = foreign.read(&format!("{requests}.reply"));
    loop {
        let reply = replies.next().await;
        if reply.text("kafka_correlationId") == "call-1" {
            assert_eq!(reply.decode::<Receipt>().number, 5);
            break;
        }
    }
    for call in load.stop().await {
        call.outcome.unwrap();
    }
}

fn described(world: &World) -> BTreeMap<String, TopicDescription> {
    let pattern = format!("{}.*", world.name(""));
    let mut topics = kafka::shared().describe_topics(&pattern);
    for topic in topics.values_mut() {
        // Newer brokers tell theirs here.
        topic.configs.remove("min.insync.replicas");
    }
    topics
}

fn description<'a>(
    partitions: u32,
    configs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> TopicDescription {
    TopicDescription {
        partitions,
        replication: 1,
        configs: configs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    }
}

/// The topics and commands of an error.
fn problems(error: &Error) -> Vec<(String, String)> {
    let Error::Topics(problems) = error else {
        panic!("{error:?}");
    };
    problems
        .iter()
        .map(|problem| (problem.topic().to_owned(), problem.command().to_owned()))
        .collect()
}

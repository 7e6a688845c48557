//! What the harness promises to the suites that use it.

use std::net::TcpStream;
use std::time::Duration;

use kafka_rpc_tests::kafka::{self, ADMIN, Broker, Builder, GUEST, Tool, User};
use kafka_rpc_tests::{require_java, unique, within};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;

#[test]
fn what_the_console_producer_writes_the_console_consumer_reads() {
    require_java!();
    let broker = kafka::shared();
    let topic = unique("orders");
    create_topic(broker, &topic);
    produce(broker, &topic, "first\nsecond\n");
    assert_eq!(consume(broker, &topic, 2), "first\nsecond\n");
}

#[test]
fn a_topic_that_nobody_created_does_not_appear() {
    require_java!();
    let broker = kafka::shared();
    let topic = unique("forgotten");
    let metadata = client(broker, &[])
        .fetch_metadata(Some(&topic), Duration::from_secs(10))
        .unwrap();
    let error = metadata.topics()[0].error().map(RDKafkaErrorCode::from);
    assert_eq!(error, Some(RDKafkaErrorCode::UnknownTopicOrPartition));
}

#[test]
fn a_restart_keeps_address_and_data_after_a_shutdown_and_after_a_crash() {
    require_java!();
    let mut broker = Broker::start();
    let address = broker.bootstrap().to_owned();
    let topic = unique("orders");
    create_topic(&broker, &topic);
    produce(&broker, &topic, "before\n");

    broker.stop();
    assert!(
        TcpStream::connect(&address).is_err(),
        "a stopped broker does not listen"
    );
    broker.restart();
    produce(&broker, &topic, "between\n");

    broker.kill();
    assert!(
        TcpStream::connect(&address).is_err(),
        "a killed broker does not listen"
    );
    broker.restart();
    assert_eq!(broker.bootstrap(), address);
    assert_eq!(consume(&broker, &topic, 2), "before\nbetween\n");
}

#[test]
#[cfg(target_os = "linux")]
fn a_broker_at_full_speed_has_the_optimising_compiler() {
    require_java!();
    let compilers = |broker: &Broker| {
        let process = broker.process_id().expect("it runs");
        let arguments = std::fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap();
        let level = arguments
            .split('\0')
            .filter_map(|argument| argument.strip_prefix("-XX:TieredStopAtLevel="))
            .next_back();
        level.map(str::to_owned)
    };
    assert_eq!(compilers(kafka::shared()).as_deref(), Some("1"));
    let fast = Builder::new().at_full_speed().start();
    assert_eq!(compilers(&fast).as_deref(), Some("4"));
}

#[test]
fn a_paused_broker_is_connected_but_silent() {
    require_java!();
    let mut broker = Broker::start();
    let client = client(&broker, &[]);
    client
        .fetch_metadata(None, Duration::from_secs(10))
        .unwrap();

    broker.pause();
    TcpStream::connect(broker.bootstrap()).expect("the kernel still accepts");
    let silence = client.fetch_metadata(None, Duration::from_secs(1)).err();
    // The latter where the library was about to open a connection of its own to the broker.
    assert!(
        matches!(
            silence,
            Some(KafkaError::MetadataFetch(
                RDKafkaErrorCode::OperationTimedOut | RDKafkaErrorCode::BrokerTransportFailure
            ))
        ),
        "{silence:?}"
    );

    broker.resume();
    client
        .fetch_metadata(None, Duration::from_secs(10))
        .unwrap();
}

#[test]
fn three_brokers_go_on_when_one_is_killed() {
    require_java!();
    let mut brokers = Builder::new().start_cluster(3);
    let topic = unique("orders");
    create_topic(&brokers[0], &topic);
    let description = brokers[0]
        .tool(TOPICS, &["--describe", "--topic", &topic])
        .run();
    assert!(
        description.contains("ReplicationFactor: 3"),
        "{description}"
    );

    brokers[0].kill();
    produce(&brokers[1], &topic, "to the others\n");
    assert_eq!(consume(&brokers[2], &topic, 1), "to the others\n");

    brokers[0].restart();
    let servers = brokers.bootstrap();
    let all = within(Duration::from_secs(20), || {
        let client: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &servers)
            .create()
            .unwrap();
        client
            .fetch_metadata(None, Duration::from_secs(10))
            .unwrap()
            .brokers()
            .len()
            == 3
    });
    assert!(all, "the restarted broker is back in the cluster");
}

#[test]
fn a_broker_with_acls_refuses_whom_it_does_not_know_and_what_is_not_allowed() {
    require_java!();
    let broker = Builder::new().with_acls().start();
    let topic = unique("orders");
    let refused = create_topic_as(&broker, &topic, GUEST).output();
    assert!(!refused.success);
    assert!(
        refused.stdout.contains("Authorization failed"),
        "{refused:?}"
    );

    create_topic(&broker, &topic);
    let denied = |user: User| {
        let metadata = client(&broker, &user.properties())
            .fetch_metadata(Some(&topic), Duration::from_secs(10));
        metadata.map(|metadata| metadata.topics()[0].error().map(RDKafkaErrorCode::from))
    };
    assert_eq!(denied(ADMIN), Ok(None));
    assert_eq!(
        denied(GUEST),
        Ok(Some(RDKafkaErrorCode::TopicAuthorizationFailed))
    );

    allow(&broker, GUEST, "Describe", &topic);
    let allowed = within(Duration::from_secs(10), || denied(GUEST) == Ok(None));
    assert!(allowed, "an ACL gives a right");

    let stranger = User {
        name: "stranger",
        password: "guess",
    };
    let unknown = client(&broker, &stranger.properties())
        .fetch_metadata(Some(&topic), Duration::from_secs(3));
    assert!(unknown.is_err(), "a stranger can't log in");
}

#[test]
fn a_broker_that_can_not_boot_shows_why() {
    require_java!();
    let unbootable = Builder::new()
        .property("num.network.threads", 0)
        .try_start();
    let why = unbootable.err().expect("it does not boot");
    assert!(why.contains("num.network.threads"), "{why}");

    let ends_later = Builder::new()
        .property("authorizer.class.name", "no.such.Authorizer")
        .try_start();
    let why = ends_later.err().expect("it does not boot");
    assert!(why.contains("before it was ready"), "{why}");
    assert!(why.contains("no.such.Authorizer"), "{why}");
}

#[test]
fn the_java_partitioner_answers_with_known_values() {
    require_java!();
    // murmur2("21") is -973932308 and murmur2("foobar") is -790332482, says Kafka's own test.
    let keys: [(&[u8], i32); 3] = [(b"21", 1_000), (b"foobar", 1_000), (b"", 1)];
    assert_eq!(
        kafka::java_partitions(&keys),
        [
            (-973_932_308 & i32::MAX) % 1_000,
            (-790_332_482 & i32::MAX) % 1_000,
            0
        ]
    );
}

const TOPICS: &str = "org.apache.kafka.tools.TopicCommand";

fn create_topic_as<'a>(broker: &'a Broker, topic: &str, user: User) -> Tool<'a> {
    broker
        .tool(TOPICS, &["--create", "--topic", topic, "--partitions", "1"])
        .as_user(user)
}

fn create_topic(broker: &Broker, topic: &str) {
    create_topic_as(broker, topic, ADMIN).run();
}

fn produce(broker: &Broker, topic: &str, lines: &str) {
    broker
        .tool(
            "org.apache.kafka.tools.ConsoleProducer",
            &["--topic", topic],
        )
        .input(lines)
        .run();
}

fn consume(broker: &Broker, topic: &str, count: usize) -> String {
    let count = count.to_string();
    let arguments = [
        "--topic",
        topic,
        "--from-beginning",
        "--max-messages",
        &count,
    ];
    broker
        .tool(
            "org.apache.kafka.tools.consumer.ConsoleConsumer",
            &arguments,
        )
        .run()
}

fn allow(broker: &Broker, user: User, operation: &str, topic: &str) {
    let principal = format!("User:{}", user.name);
    let arguments = [
        "--add",
        "--allow-principal",
        &principal,
        "--operation",
        operation,
        "--topic",
        topic,
    ];
    broker
        .tool("org.apache.kafka.tools.AclCommand", &arguments)
        .run();
}

fn client(broker: &Broker, properties: &[(&str, &str)]) -> BaseConsumer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", broker.bootstrap());
    config.extend(
        properties
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    config.create().unwrap()
}

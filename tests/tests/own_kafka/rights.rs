//! Who may do what.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use kafka_rpc::{Channel, Cluster, Error, Sasl, Server, ServerHandle};
use kafka_rpc_tests::kafka::{ADMIN, Broker, Builder, GUEST, User};
use kafka_rpc_tests::require_java;
use kafka_rpc_tests::service::{LedgerClient, LedgerServer, Order, Scripted};
use kafka_rpc_tests::world::{Serving, World};

const LIMIT: Duration = Duration::from_secs(10);

/// All that a server needs where its topics exist: an operation, and what it is done to.
const SERVER: [(&str, Resource); 4] = [
    SERVER_TOPICS[0],
    SERVER_TOPICS[1],
    SERVER_TOPICS[2],
    SERVER_GROUP,
];
const SERVER_TOPICS: [(&str, Resource); 3] = [
    ("Read", Resource::Requests),
    ("Write", Resource::Replies),
    ("Write", Resource::DeadLetters),
];
const SERVER_GROUP: (&str, Resource) = ("Read", Resource::Group);

/// All that a client needs where the topics exist. No right to a group is among it.
const CLIENT: [(&str, Resource); 2] = [("Write", Resource::Requests), ("Read", Resource::Replies)];

/// What a server or a client needs besides, where the topics do not exist and it shall create them.
const CREATION: [(&str, Resource); 3] = [
    ("Create", Resource::Requests),
    ("Create", Resource::Replies),
    ("Create", Resource::DeadLetters),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_refused_within_the_limit() {
    require_java!();
    let stranger = User {
        name: GUEST.name,
        password: "guess",
    };
    let world = World::on(login(stranger));
    let begun = Instant::now();
    for error in [serve(&world).1.await, connect(&world).await] {
        let error = error.unwrap_err();
        assert!(matches!(error, Error::Denied(_)), "{error:?}");
        assert!(
            error.to_string().contains("Invalid username or password"),
            "{error}"
        );
    }
    // Long before the limit: waiting makes no password right.
    assert!(begun.elapsed() < LIMIT, "took {:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_error_lists_every_right_to_a_topic_and_then_that_to_the_group() {
    require_java!();
    let world = guest();
    make_topics(&world).await;
    for (needed, start) in [
        (&SERVER_TOPICS[..], Side::Server),
        (&CLIENT[..], Side::Client),
    ] {
        let error = start.run(&world).await.unwrap_err();
        assert_eq!(missing(&error), listed(&world, needed), "{error}");
        let Error::Topics(problems) = error else {
            panic!("{error:?}");
        };
        for problem in problems.iter() {
            run_acl_command(problem.command());
        }
    }
    let begun = Instant::now();
    let error = Side::Server.run(&world).await.unwrap_err();
    assert!(begun.elapsed() < LIMIT, "took {:?}", begun.elapsed());
    assert!(matches!(error, Error::Denied(_)), "{error:?}");
    let text = error.to_string();
    let (problem, command) = text.split_once("\n    ").unwrap();
    let group = world.name("tests.v1.Ledger");
    assert_eq!(
        problem,
        format!("can't join group {group}: the right to Read is missing")
    );
    run_acl_command(command);

    let (handle, serving) = serve(&world);
    let server = Serving::start(handle, serving).await;
    let mut ledger = LedgerClient::new(world.channel().await);
    let receipt = ledger.deposit(Order::of("a", 1)).await.unwrap();
    assert_eq!(receipt.get_ref().number, 1);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_that_alone_is_missing_is_told_alone() {
    require_java!();
    for (needed, start) in [(&SERVER[..], Side::Server), (&CLIENT[..], Side::Client)] {
        let world = guest();
        make_topics(&world).await;
        // To see a topic is not yet to use it.
        allow(&world, &[("Describe", Resource::Replies)]);
        let (replies, others): (Vec<_>, Vec<_>) = needed
            .iter()
            .partition(|(_, resource)| *resource == Resource::Replies);
        allow(&world, &others);
        let error = start.run(&world).await.unwrap_err();
        assert_eq!(missing(&error), listed(&world, &replies), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_may_create_its_topics_needs_nothing_else() {
    require_java!();
    let world = guest();
    allow(&world, &SERVER);
    let error = Side::Server.run(&world).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("the right to create it is missing"), "{text}");
    assert!(text.contains("--create --topic"), "{text}");
    allow(&world, &CREATION);
    let (handle, serving) = serve(&world);
    Serving::start(handle, serving).await.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_ends_when_a_right_is_taken_away() {
    require_java!();
    let world = guest();
    make_topics(&world).await;
    allow(&world, &SERVER);
    let (handle, serving) = serve(&world);
    let server = Serving::start(handle, serving).await;
    acl(&world, "--remove", &SERVER[..1]);
    let error = server.ended().await.unwrap_err();
    assert!(matches!(error, Error::Denied(_)), "{error:?}");
    assert!(
        error.to_string().contains(&world.name("tests.v1.Ledger")),
        "{error}"
    );
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Resource {
    Requests,
    Replies,
    DeadLetters,
    Group,
}

impl Resource {
    /// As Kafka's tool takes it.
    fn arguments(self, world: &World) -> [String; 2] {
        let (kind, name) = match self {
            Self::Requests => ("--topic", "tests.v1.Ledger"),
            Self::Replies => ("--topic", "tests.v1.Ledger.reply"),
            Self::DeadLetters => ("--topic", "tests.v1.Ledger.dead-letter"),
            Self::Group => ("--group", "tests.v1.Ledger"),
        };
        [kind.to_owned(), world.name(name)]
    }
}

#[derive(Clone, Copy)]
enum Side {
    Server,
    Client,
}

impl Side {
    async fn run(self, world: &World) -> Result<(), Error> {
        match self {
            Self::Server => serve(world).1.await,
            Self::Client => connect(world).await,
        }
    }
}

fn serve(
    world: &World,
) -> (
    ServerHandle,
    impl Future<Output = Result<(), Error>> + Send + use<>,
) {
    let builder = Server::builder()
        .connect_timeout(LIMIT)
        .add_service(LedgerServer::new(Scripted::echo()));
    (builder.handle(), builder.serve(world.cluster()))
}

async fn connect(world: &World) -> Result<(), Error> {
    let channel = Channel::builder()
        .connect_timeout(LIMIT)
        .service(<LedgerClient>::DESCRIPTOR);
    channel.connect(world.cluster()).await.map(drop)
}

/// One broker with users for the tests that break nothing on it.
fn broker() -> &'static Broker {
    static BROKER: OnceLock<Broker> = OnceLock::new();
    BROKER.get_or_init(|| Builder::new().with_acls().start())
}

fn login(user: User) -> Cluster {
    Cluster::new(broker().bootstrap()).sasl(Sasl::plain(user.name, user.password))
}

/// A world on which nobody has any right yet.
fn guest() -> World {
    World::on(login(GUEST))
}

/// Makes the ledger's topics, as somebody who may.
async fn make_topics(world: &World) {
    let admin = world
        .clone()
        .with(|_| login(ADMIN).topic_prefix(world.name("")));
    // A client makes no dead-letter topics.
    let builder = Server::builder().add_service(LedgerServer::new(Scripted::echo()));
    admin.serve(builder).await.shutdown().await;
}

fn allow(world: &World, rights: &[(&str, Resource)]) {
    acl(world, "--add", rights);
}

fn acl(world: &World, change: &str, rights: &[(&str, Resource)]) {
    let principal = format!("User:{}", GUEST.name);
    for (operation, resource) in rights {
        let [kind, name] = resource.arguments(world);
        let mut arguments = vec![change, "--allow-principal", &principal];
        arguments.extend(["--operation", operation, &kind, &name]);
        if change == "--remove" {
            arguments.push("--force");
        }
        broker()
            .tool("org.apache.kafka.tools.AclCommand", &arguments)
            .run();
    }
}

/// As somebody would who was told to.
fn run_acl_command(command: &str) {
    let start = format!("kafka-acls.sh --bootstrap-server {} ", broker().bootstrap());
    let arguments = command
        .strip_prefix(&start)
        .unwrap_or_else(|| panic!("{command}"))
        .replace("<name>", GUEST.name);
    let arguments: Vec<&str> = arguments.split(' ').collect();
    broker()
        .tool("org.apache.kafka.tools.AclCommand", &arguments)
        .run();
}

/// The rights that an error says are missing: operation, kind and name.
fn missing(error: &Error) -> Vec<String> {
    let Error::Topics(problems) = error else {
        panic!("{error:?}");
    };
    problems
        .iter()
        .map(|problem| format!("{}: --topic {}", problem.reason(), problem.topic()))
        .collect()
}

fn listed(world: &World, rights: &[(&str, Resource)]) -> Vec<String> {
    rights
        .iter()
        .map(|(operation, resource)| {
            let [kind, name] = resource.arguments(world);
            format!("the right to {operation} is missing: {kind} {name}")
        })
        .collect()
}

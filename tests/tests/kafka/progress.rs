//! What a group's commits tell, to us and to Kafka's own tools.

use std::time::Duration;

use kafka_rpc::{Request, TopicSettings};
use kafka_rpc_tests::desk_server::{DeskServer, Runs, Settings};
use kafka_rpc_tests::foreign::{Foreign, Record};
use kafka_rpc_tests::service::{Order, Scripted, receipt};
use kafka_rpc_tests::world::World;
use kafka_rpc_tests::{kafka, require_java, soon, until};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio::sync::mpsc;

use crate::world::{SERVER, world};

const LONG: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_leaves_behind_which_calls_are_done_and_the_next_does_the_rest() {
    require_java!();
    let world = one_partition();
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::new(&world, folder.path().join("runs"));
    settings.hold = Some(3);
    let desk = world.client().await;
    let mut killed = DeskServer::start(SERVER, &settings);

    let mut calls = Vec::new();
    for number in 0..10 {
        let mut desk = desk.clone();
        let mut request = Request::new(Order::number(number));
        request.set_timeout(LONG);
        // One after the other begins, so that the number is the offset.
        let call = tokio::spawn(async move { desk.ask(request).await });
        until("the call has begun", || {
            Runs::read(&settings.runs).of(killed.id()) > number as usize
        })
        .await;
        calls.push(call);
    }
    let held = calls.remove(3);
    for call in calls {
        soon("the others are answered", call)
            .await
            .unwrap()
            .unwrap();
    }
    assert!(!held.is_finished());
    let group = Group::new(&world);
    until("the commit tells of all that is done", || {
        // One step of seven, from 3, which is open, to 10, the first one of which nothing is known.
        group.committed() == (Some(3), "kr1:Bw".to_owned())
    })
    .await;

    let committed = group.committed();
    killed.kill();
    assert_eq!(group.committed(), committed);
    settings.hold = None;
    let mut next = DeskServer::start(SERVER, &settings);
    let receipt = soon("the held call is answered", held)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(receipt.get_ref().number, 3);
    let runs = Runs::read(&settings.runs);
    let repeated: Vec<u32> = runs.repeated().into_keys().collect();
    assert_eq!(repeated, [3]);
    assert_eq!(runs.of(next.id()), 1);
    until("all is done", || {
        group.committed() == (Some(10), String::new())
    })
    .await;
    next.shut_down();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offsets_that_kafkas_own_tool_sets_are_followed() {
    require_java!();
    let world = one_partition();
    let (handled, mut numbers) = mpsc::unbounded_channel();
    let script = Scripted::new(move |request| {
        handled.send(request.get_ref().number).unwrap();
        async move { Ok(receipt(request.into_inner())) }
    });
    let server = world.desk(script.clone()).await;
    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Desk.Ask");
    let write = async |number| {
        // No timeout: the call has 30 seconds from when it is read.
        let request = Record::request(&topic, "call", &Order::number(number));
        foreign.write(request).await;
    };
    for number in 0..5 {
        write(number).await;
    }
    assert_eq!(sorted(&mut numbers, 5).await, [0, 1, 2, 3, 4]);
    server.shutdown().await;
    let group = Group::new(&world);
    assert_eq!(group.committed(), (Some(5), String::new()));

    group.reset(&["--to-offset", "2"]);
    let server = world.desk(script.clone()).await;
    assert_eq!(sorted(&mut numbers, 3).await, [2, 3, 4]);
    server.shutdown().await;
    assert_eq!(group.committed(), (Some(5), String::new()));

    write(5).await;
    group.reset(&["--to-latest"]);
    let server = world.desk(script).await;
    write(6).await;
    assert_eq!(sorted(&mut numbers, 1).await, [6], "5 is skipped");
    server.shutdown().await;
    assert_eq!(group.committed(), (Some(7), String::new()));
}

fn one_partition() -> World {
    world().with(|cluster| cluster.topics(TopicSettings::new().partitions(1)))
}

/// The next numbers. Calls without a key are handled in no order.
async fn sorted(numbers: &mut mpsc::UnboundedReceiver<u32>, count: usize) -> Vec<u32> {
    let mut next = Vec::new();
    while next.len() < count {
        next.extend(soon("an order is handled", numbers.recv()).await);
    }
    next.sort_unstable();
    next
}

/// The group of a world's desk, seen from outside.
struct Group {
    name: String,
    topic: String,
    consumer: BaseConsumer,
}

impl Group {
    fn new(world: &World) -> Self {
        let name = world.name("tests.v1.Desk");
        let consumer = ClientConfig::new()
            .set("bootstrap.servers", world.cluster().bootstrap_servers())
            .set("group.id", &name)
            .create()
            .unwrap();
        Self {
            name,
            topic: world.name("tests.v1.Desk.Ask"),
            consumer,
        }
    }

    /// What is committed for the first partition: the offset and the metadata.
    fn committed(&self) -> (Option<i64>, String) {
        let mut asked = TopicPartitionList::new();
        asked.add_partition(&self.topic, 0);
        let committed = self
            .consumer
            .committed_offsets(asked, Duration::from_secs(10))
            .unwrap();
        let element = committed.find_partition(&self.topic, 0).unwrap();
        let offset = match element.offset() {
            Offset::Offset(offset) => Some(offset),
            _ => None,
        };
        (offset, element.metadata().to_owned())
    }

    fn reset(&self, to: &[&str]) {
        let mut arguments = vec!["--group", &self.name, "--topic", &self.topic];
        arguments.extend(["--reset-offsets", "--execute"]);
        arguments.extend(to);
        kafka::shared()
            .tool(
                "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
                &arguments,
            )
            .run();
    }
}

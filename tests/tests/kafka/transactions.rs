//! Replies, what handlers leave in their outboxes, and offsets: together or not at all.

use std::collections::BTreeMap;
use std::time::Duration;

use kafka_rpc::{Code, OutboxRecord, Status};
use kafka_rpc_tests::desk_server::{DeskServer, Runs, Settings};
use kafka_rpc_tests::foreign::Foreign;
use kafka_rpc_tests::load::Load;
use kafka_rpc_tests::service::{Order, Scripted, receipt};
use kafka_rpc_tests::world::{World, desk};
use kafka_rpc_tests::{require_java, until};

use crate::world::{SERVER, world};

/// Creates a topic for what handlers write.
async fn placed(world: &World) -> (String, Foreign) {
    let foreign = Foreign::new(world.cluster());
    let topic = world.name("placed");
    foreign.create(&topic, 3).await;
    (topic, foreign)
}

/// How often each number is in the topic.
async fn numbers(foreign: &Foreign, topic: &str) -> BTreeMap<String, usize> {
    let mut numbers = BTreeMap::new();
    for value in foreign.values(topic, 3).await {
        let number = String::from_utf8(value).unwrap();
        *numbers.entry(number).or_default() += 1;
    }
    numbers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_handlers_write_is_there_once_though_servers_are_killed() {
    require_java!();
    let world = world();
    let (topic, foreign) = placed(&world).await;
    let folder = tempfile::tempdir().unwrap();
    let launch = |index: usize| {
        let settings = Settings {
            outbox: Some(topic.clone()),
            instance_id: Some(format!("server-{index}")),
            work: Duration::from_millis(5),
            ..Settings::new(&world, folder.path().join("runs"))
        };
        DeskServer::start(SERVER, &settings)
    };
    let mut servers = [0, 1].map(launch);
    let client = world.client().await;
    let load = Load::start(&client, 64, Duration::from_secs(60));
    for index in [0, 1, 0, 1] {
        load.goes_on(200).await;
        servers[index].kill();
        servers[index] = launch(index);
    }
    load.goes_on(200).await;
    let calls = load.stop().await;
    for server in &mut servers {
        server.shut_down();
    }
    let failed: Vec<_> = calls.iter().filter(|call| call.outcome.is_err()).collect();
    assert!(failed.is_empty(), "{failed:?}");

    let written = numbers(&foreign, &topic).await;
    let twice: Vec<_> = written.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "written more than once: {twice:?}");
    assert_eq!(written.len(), calls.len());
    // Some were under way at a server that was killed.
    let runs = Runs::read(&folder.path().join("runs"));
    assert!(!runs.repeated().is_empty(), "no handler ran again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_fails_writes_nothing_but_its_status() {
    require_java!();
    let world = world();
    let (topic, foreign) = placed(&world).await;
    let script = {
        let topic = topic.clone();
        Scripted::new(move |request| {
            let topic = topic.clone();
            async move {
                let number = request.get_ref().number;
                let outbox = request.outbox()?;
                outbox.send(OutboxRecord::new(topic, number.to_string()))?;
                match number {
                    1 => Err(Status::aborted("not this one")),
                    2 => panic!("nor this one"),
                    // A topic that does not exist.
                    3 => {
                        outbox.send(OutboxRecord::new("tests.nowhere", "lost"))?;
                        Ok(receipt(request.into_inner()))
                    }
                    _ => Ok(receipt(request.into_inner())),
                }
            }
        })
    };
    let server = world.serve(desk(script).transactions(true)).await;
    let mut client = world.client().await;
    let mut codes = Vec::new();
    for number in 0..5 {
        let outcome = client.ask(Order::number(number)).await;
        codes.push(outcome.err().map(|status| status.code()));
    }
    assert_eq!(
        codes,
        [
            None,
            Some(Code::Aborted),
            Some(Code::Internal),
            Some(Code::Internal),
            None
        ]
    );
    // At most once has no outbox: its offset is committed before its handler runs.
    let refused = client.pay(Order::number(6)).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    server.shutdown().await;
    let written: Vec<_> = numbers(&foreign, &topic).await.into_iter().collect();
    assert_eq!(written, [("0".to_owned(), 1), ("4".to_owned(), 1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_come_and_go_hand_over_without_repeats() {
    require_java!();
    let world = world();
    let (topic, foreign) = placed(&world).await;
    let folder = tempfile::tempdir().unwrap();
    let launch = || {
        let settings = Settings {
            outbox: Some(topic.clone()),
            work: Duration::from_millis(5),
            ..Settings::new(&world, folder.path().join("runs"))
        };
        DeskServer::start(SERVER, &settings)
    };
    let mut first = launch();
    let client = world.client().await;
    let load = Load::start(&client, 64, Duration::from_secs(60));
    load.goes_on(200).await;
    let mut second = launch();
    until("the second has work", || {
        let runs = Runs::read(&folder.path().join("runs"));
        runs.of(second.id()) > 100
    })
    .await;
    first.shut_down();
    load.goes_on(200).await;
    let calls = load.stop().await;
    second.shut_down();
    let failed: Vec<_> = calls.iter().filter(|call| call.outcome.is_err()).collect();
    assert!(failed.is_empty(), "{failed:?}");
    let written = numbers(&foreign, &topic).await;
    assert_eq!(written.len(), calls.len());
    assert_eq!(written.values().max(), Some(&1));
    let runs = Runs::read(&folder.path().join("runs"));
    assert!(runs.repeated().is_empty(), "{:?}", runs.repeated());
}

//! Calls that are left with Kafka.

use std::process::Command;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use kafka_rpc::CallHandle;
use kafka_rpc_tests::process::Child;
use kafka_rpc_tests::service::{DeskClient, Order, Receipt, Scripted, receipt};
use kafka_rpc_tests::{kafka, require_java};

use tokio::time::sleep;

use crate::world::world;

const LEAVES_CALLS: &str = env!("CARGO_BIN_EXE_leaves-calls");

/// At which offset the reply is looked for.
fn from(handle: &CallHandle<Receipt>) -> i64 {
    let text = handle.to_string();
    text.split(':').nth(5).unwrap().parse().unwrap()
}

#[tokio::test]
async fn calls_of_a_client_that_was_killed_are_answered_to_another() {
    require_java!();
    let world = world();
    let mut caller = Child::spawn(
        Command::new(LEAVES_CALLS)
            .arg(kafka::shared().bootstrap())
            .arg(world.name(""))
            .arg("20"),
    );
    let texts: Vec<String> = (0..20)
        .map(|_| caller.wait_for_line("kr1:", Duration::from_secs(30)))
        .collect();
    caller.kill();

    let server = world.desk(Scripted::echo()).await;
    let channel = world.channel().await;
    for (number, text) in texts.iter().enumerate() {
        let handle: CallHandle<Receipt> = text.trim().parse().unwrap();
        let reply = channel.reply(&handle).await.unwrap();
        assert_eq!(reply.get_ref().number, number as u32);
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_reply_is_looked_for_behind_those_that_came_before() {
    require_java!();
    let world = world();
    let server = world.desk(Scripted::echo()).await;
    let channel = world.channel().await;
    let mut desk = DeskClient::new(channel.clone());
    let early = desk.ask(Order::number(1)).enqueue().await.unwrap();
    for number in 0..50 {
        desk.ask(Order::number(number)).await.unwrap();
    }
    let late = desk.ask(Order::number(2)).enqueue().await.unwrap();
    assert!(from(&late) >= from(&early) + 50, "{early}, {late}");
    assert_eq!(channel.reply(&late).await.unwrap().get_ref().number, 2);
    assert_eq!(channel.reply(&early).await.unwrap().get_ref().number, 1);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_replies_are_waited_for_at_once() {
    require_java!();
    const CALLS: u32 = 8_000;
    let world = world();
    let server = world.desk(Scripted::echo()).await;
    let desk = world.client().await;
    let calls = (0..CALLS).map(async |number| {
        let mut desk = desk.clone();
        desk.ask(Order::number(number)).enqueue().await
    });
    let handles = try_join_all(calls).await.unwrap();

    // The last first, so that each may have to be looked for further back.
    let channel = world.channel().await;
    let begun = Instant::now();
    let replies = handles.iter().rev().map(|handle| channel.reply(handle));
    let replies = try_join_all(replies).await.unwrap();
    let numbers = replies.iter().rev().map(|reply| reply.get_ref().number);
    assert!(numbers.eq(0..CALLS));
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(10), "took {took:?}");
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_come_all_the_time_keep_nobody_from_a_reply() {
    require_java!();
    const CALLS: u32 = 20_000;
    const EVERY: Duration = Duration::from_millis(5);
    let world = world();
    let unanswered = Scripted::new(|request| async move {
        match request.into_inner() {
            order if order.number == 0 => std::future::pending().await,
            order => Ok(receipt(order)),
        }
    });
    let _server = world.desk(unanswered).await;
    let desk = world.client().await;
    let enqueue = async |number| {
        let mut desk = desk.clone();
        desk.ask(Order::number(number)).enqueue().await
    };
    let first = enqueue(0).await.unwrap();
    let handles = try_join_all((1..=CALLS).map(&enqueue)).await.unwrap();

    // The reply that does not come could be in all that is there.
    let channel = world.channel().await;
    let waits = channel.clone();
    let first = tokio::spawn(async move { waits.reply(&first).await });
    let mut waiting = Vec::new();
    for handle in handles.into_iter().step_by(20) {
        let channel = channel.clone();
        waiting.push(tokio::spawn(async move {
            let begun = Instant::now();
            channel.reply(&handle).await.unwrap();
            begun.elapsed()
        }));
        sleep(EVERY).await;
    }
    let took = try_join_all(waiting).await.unwrap();
    let longest = took.into_iter().max().unwrap();
    assert!(longest < Duration::from_secs(2), "took {longest:?}");
    first.abort();
}

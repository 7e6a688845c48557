//! The producer's queue is full: a request fails at once, a reply is tried again.

use std::time::{Duration, Instant};

use kafka_rpc::{Channel, Code};
use kafka_rpc_tests::service::{DeskClient, Order, Scripted};
use kafka_rpc_tests::soon;
use kafka_rpc_tests::world::{World, desk};
use tokio::task::JoinSet;

#[tokio::test]
async fn a_call_whose_request_can_not_be_queued_is_unavailable_at_once_and_the_rest_unharmed() {
    let world = World::embedded();
    let _server = world.desk(Scripted::echo()).await;
    let settings = Channel::builder()
        .producer_property("queue.buffering.max.messages", "1")
        .producer_property("linger.ms", "700");
    let channel = world.connect(settings).await;
    channel.prepare(<DeskClient>::DESCRIPTOR).await.unwrap();
    let mut desk = DeskClient::new(channel);
    let mut clone = desk.clone();
    let mut queued = Box::pin(clone.ask(Order::number(1)));
    kafka_rpc_tests::sent(&mut queued).await;

    let begun = Instant::now();
    let status = desk.ask(Order::number(2)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(queued.await.unwrap().get_ref().number, 1);
    assert_eq!(
        desk.ask(Order::number(3)).await.unwrap().get_ref().number,
        3
    );
}

#[tokio::test]
async fn a_reply_that_can_not_be_queued_is_sent_as_soon_as_it_can() {
    let world = World::embedded();
    let builder = desk(Scripted::echo())
        .producer_property("queue.buffering.max.messages", "1")
        .producer_property("linger.ms", "20");
    let _server = world.serve(builder).await;
    let desk = world.client().await;
    let mut calls = JoinSet::new();
    for number in 0..10 {
        let mut desk = desk.clone();
        calls.spawn(async move {
            let receipt = desk.ask(Order::number(number)).await.unwrap();
            assert_eq!(receipt.get_ref().number, number);
        });
    }
    soon("all calls are answered", calls.join_all()).await;
}

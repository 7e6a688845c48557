//! The producer's queue is full: a reply is tried again, and a request that has no key.

use std::time::{Duration, Instant};

use kafka_rpc::{Channel, Code, Request};
use kafka_rpc_tests::foreign::Foreign;
use kafka_rpc_tests::service::{DeskClient, Order, Scripted, receipt};
use kafka_rpc_tests::world::{World, desk};
use kafka_rpc_tests::{sightings, soon};
use tokio::task::JoinSet;

/// A client whose producer holds one record for 700 ms.
async fn narrow(world: &World) -> DeskClient {
    let settings = Channel::builder()
        .producer_property("queue.buffering.max.messages", "1")
        .producer_property("linger.ms", "700");
    let channel = world.connect(settings).await;
    channel.prepare(<DeskClient>::DESCRIPTOR).await.unwrap();
    DeskClient::new(channel)
}

#[tokio::test]
async fn a_call_with_a_key_whose_request_can_not_be_queued_is_unavailable_at_once_and_the_rest_unharmed()
 {
    let world = World::embedded();
    let _server = world.desk(Scripted::echo()).await;
    let mut desk = narrow(&world).await;
    let mut clone = desk.clone();
    let mut queued = Box::pin(clone.ask(Order::number(1)));
    kafka_rpc_tests::sent(&mut queued).await;

    let begun = Instant::now();
    let status = desk.place(Order::of("ada", 2)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(queued.await.unwrap().get_ref().number, 1);
    let placed = desk.place(Order::of("ada", 3)).await.unwrap();
    assert_eq!(placed.get_ref().number, 3);
}

#[tokio::test]
async fn a_request_without_a_key_that_can_not_be_queued_is_sent_as_soon_as_it_can() {
    let world = World::with_partitions(1);
    let _server = world.desk(Scripted::echo()).await;
    let desk = narrow(&world).await;
    let (mut one, mut two) = (desk.clone(), desk);
    let mut queued = Box::pin(one.ask(Order::number(1)));
    kafka_rpc_tests::sent(&mut queued).await;
    let mut request = Request::new(Order::number(2));
    request.metadata_mut().insert("tag", 7.into()).unwrap();
    request.set_timeout(Duration::from_secs(20));
    let mut waiting = Box::pin(two.ask(request));
    kafka_rpc_tests::sent(&mut waiting).await;
    let (queued, waiting) = tokio::join!(queued, waiting);
    assert_eq!(queued.unwrap().get_ref().number, 1);
    assert_eq!(waiting.unwrap().get_ref().number, 2);

    let foreign = Foreign::new(world.cluster());
    let mut requests = foreign.read(&world.name("tests.v1.Desk.Ask"));
    requests.next().await;
    let request = requests.next().await;
    assert_eq!(request.text("tag"), "7");
    let left = request.text("grpc-timeout");
    assert_ne!(left, "20S", "it has less time than it had at first");
    assert!(request.get("grpc-previous-rpc-attempts").is_none());
    assert_eq!(requests.so_far(), [], "each is there once");
}

#[tokio::test]
async fn a_call_that_waits_for_room_in_the_queue_ends_before_its_deadline() {
    let world = World::embedded();
    let mut desk = narrow(&world).await;
    let mut clone = desk.clone();
    let mut queued = Box::pin(clone.ask(Order::number(1)));
    kafka_rpc_tests::sent(&mut queued).await;
    let mut request = Request::new(Order::number(2));
    request.set_timeout(Duration::from_millis(500));
    let begun = Instant::now();
    let status = desk.ask(request).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_call_that_is_dropped_while_it_waits_for_room_in_the_queue_is_never_sent() {
    let world = World::with_partitions(1);
    let (seen, mut numbers) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        seen.tell(request.get_ref().number);
        async move { Ok(receipt(request.into_inner())) }
    });
    let _server = world.desk(script).await;
    let desk = narrow(&world).await;
    let (mut one, mut two, mut three) = (desk.clone(), desk.clone(), desk);
    let mut queued = Box::pin(one.ask(Order::number(1)));
    kafka_rpc_tests::sent(&mut queued).await;
    let mut dropped = Box::pin(two.ask(Order::number(2)));
    kafka_rpc_tests::sent(&mut dropped).await;
    drop(dropped);
    queued.await.unwrap();
    three.ask(Order::number(3)).await.unwrap();
    assert_eq!(numbers.so_far(), [1, 3]);
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

//! Calls that are made again.

use std::time::Duration;

use kafka_rpc::{Channel, HedgingPolicy, Request, RetryBudget, RetryPolicy, Status};
use kafka_rpc_tests::foreign::{Foreign, Record};
use kafka_rpc_tests::service::{DeskClient, Order, Receipt, Scripted, receipt};
use kafka_rpc_tests::world::World;
use kafka_rpc_tests::{sent, soon};

use crate::counters::Counters;

const RETRIES: &str = "kafka_rpc.client.retries{rpc.method=tests.v1.Desk/Ask}";
const HEDGES: &str = "kafka_rpc.client.hedges{rpc.method=tests.v1.Desk/Ask}";
const HELD_BACK: &str = "kafka_rpc.client.held_back_calls{rpc.method=tests.v1.Desk/Ask}";
const RESENT: &str = "kafka_rpc.client.resent_requests";
const PENDING: &str = "kafka_rpc.client.pending_calls{rpc.method=tests.v1.Desk/Ask}";
const ACTIVE: &str = "kafka_rpc.server.active_handlers{rpc.method=tests.v1.Desk/Ask}";
const ORPHANS: &str = "kafka_rpc.client.orphaned_replies";

async fn client(world: &World, settings: kafka_rpc::ChannelBuilder) -> DeskClient {
    let channel = world.connect(settings).await;
    channel.prepare(<DeskClient>::DESCRIPTOR).await.unwrap();
    DeskClient::new(channel)
}

fn retrying() -> kafka_rpc::ChannelBuilder {
    let policy = RetryPolicy::new().initial_backoff(Duration::from_millis(5));
    Channel::builder().retry_service(<DeskClient>::DESCRIPTOR, policy)
}

/// Answers orders as far as their numbers say so.
fn failing_at_zero() -> Scripted {
    Scripted::new(
        async |request: Request<Order>| match request.get_ref().number {
            0 => Err(Status::unavailable("not now")),
            _ => Ok(receipt(request.into_inner())),
        },
    )
}

#[tokio::test]
async fn attempts_are_counted_and_so_are_those_that_the_budget_holds_back() {
    let mut counters = Counters::start().await;
    let world = World::embedded();
    let _server = world.desk(failing_at_zero()).await;
    let mut desk = client(&world, retrying().retry_budget(RetryBudget::new(8, 1.0))).await;
    desk.ask(Order::number(1)).await.unwrap();
    assert_eq!(counters.get(RETRIES), 0);
    desk.ask(Order::number(0)).await.unwrap_err();
    assert_eq!((counters.get(RETRIES), counters.get(HELD_BACK)), (2, 0));
    desk.ask(Order::number(0)).await.unwrap_err();
    assert_eq!((counters.get(RETRIES), counters.get(HELD_BACK)), (2, 1));
    assert_eq!(counters.get(PENDING), 0, "a call is one however often");
    assert_eq!(counters.get(HEDGES), 0);
}

#[tokio::test]
async fn hedges_are_counted() {
    let mut counters = Counters::start().await;
    let world = World::embedded();
    let script = Scripted::new(async |request: Request<Order>| {
        if request
            .metadata()
            .get("grpc-previous-rpc-attempts")
            .is_none()
        {
            return std::future::pending().await;
        }
        Ok(receipt(request.into_inner()))
    });
    let _server = world.desk(script).await;
    let policy = HedgingPolicy::new().delay(Duration::from_millis(20));
    let settings = Channel::builder().hedge_method(<DeskClient>::DESCRIPTOR, "Ask", policy);
    let mut desk = client(&world, settings).await;
    desk.ask(Order::number(1)).await.unwrap();
    assert_eq!((counters.get(HEDGES), counters.get(RETRIES)), (1, 0));
    assert_eq!(counters.get(PENDING), 0);
    counters.reaches(ACTIVE, 0).await;
}

/// Answers a request where its caller waits, with a code that is not 0 or the order's number.
async fn answer(foreign: &Foreign, request: &Record, code: u32, number: u32) {
    let partition = request.get("kafka_replyPartition").unwrap();
    let receipt = Receipt {
        number,
        ..Receipt::default()
    };
    let mut reply = Record::to(request.text("kafka_replyTopic"))
        .partition(i32::from_be_bytes(partition.try_into().unwrap()))
        .header("kafka_correlationId", request.text("kafka_correlationId"))
        .message(&receipt);
    if code != 0 {
        reply = reply.header("grpc-status", code.to_string());
    }
    foreign.write(reply).await;
}

#[tokio::test]
async fn a_late_reply_of_an_earlier_attempt_is_counted_and_dropped() {
    let mut counters = Counters::start().await;
    let world = World::with_partitions(1);
    let foreign = Foreign::new(world.cluster());
    let mut desk = client(&world, retrying()).await;
    let mut requests = foreign.read(&world.name("tests.v1.Desk.Ask"));
    let call = tokio::spawn(async move { desk.ask(Order::number(1)).await });
    let first = requests.next().await;
    answer(&foreign, &first, 14, 0).await;
    let second = requests.next().await;
    assert_eq!(second.text("grpc-previous-rpc-attempts"), "1");
    answer(&foreign, &first, 0, 5).await;
    counters.reaches(ORPHANS, 1).await;
    assert!(!call.is_finished(), "it is no reply to the second attempt");
    answer(&foreign, &second, 0, 6).await;
    let response = soon("the call ends", call).await.unwrap().unwrap();
    assert_eq!(response.get_ref().number, 6);
    assert_eq!(counters.get(ORPHANS), 1);
}

#[tokio::test]
async fn a_loser_that_answers_all_the_same_is_counted_and_dropped() {
    let mut counters = Counters::start().await;
    let world = World::with_partitions(1);
    let foreign = Foreign::new(world.cluster());
    let policy = HedgingPolicy::new().delay(Duration::from_millis(20));
    let settings = Channel::builder().hedge_method(<DeskClient>::DESCRIPTOR, "Ask", policy);
    let mut desk = client(&world, settings).await;
    let mut requests = foreign.read(&world.name("tests.v1.Desk.Ask"));
    let _channel = desk.clone();
    let call = tokio::spawn(async move { desk.ask(Order::number(1)).await });
    let (first, second) = (requests.next().await, requests.next().await);
    answer(&foreign, &second, 0, 6).await;
    let response = soon("the call ends", call).await.unwrap().unwrap();
    assert_eq!(response.get_ref().number, 6);
    let cancel = requests.next().await;
    assert_eq!(cancel.text("rpc-frame"), "cancel");
    let id = |record: &Record| record.text("kafka_correlationId");
    assert_eq!(id(&cancel), id(&first));
    answer(&foreign, &first, 0, 5).await;
    counters.reaches(ORPHANS, 1).await;
    assert_eq!(requests.so_far(), [], "the winner is not cancelled");
}

#[tokio::test]
async fn a_request_that_found_no_room_is_counted_when_it_is_sent_again() {
    let mut counters = Counters::start().await;
    let world = World::embedded();
    let _server = world.desk(Scripted::echo()).await;
    let settings = Channel::builder()
        .producer_property("queue.buffering.max.messages", "1")
        .producer_property("linger.ms", "300");
    let desk = client(&world, settings).await;
    let (mut one, mut two) = (desk.clone(), desk);
    let mut queued = Box::pin(one.ask(Order::number(1)));
    sent(&mut queued).await;
    let mut waiting = Box::pin(two.ask(Order::number(2)));
    sent(&mut waiting).await;
    assert_eq!(counters.get(RESENT), 1);
    let (queued, waiting) = tokio::join!(queued, waiting);
    queued.unwrap();
    waiting.unwrap();
    assert!(counters.get(RESENT) > 1);
    assert_eq!(counters.get(RETRIES), 0);
}

//! What a server leaves behind, the next one handles: what is unfinished, and nothing else.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use kafka_rpc::{Code, Request, Response, Status};
use kafka_rpc_tests::foreign::{Committed, Foreign};
use kafka_rpc_tests::service::{DeskClient, Order, Receipt, Scripted, receipt};
use kafka_rpc_tests::world::{self, World, desk};
use kafka_rpc_tests::{Seen, Sightings, sent, sightings, soon};
use tokio::task::JoinHandle;

/// Tells the numbers of the orders that it handles, and never ends those of `stuck`.
fn stuck_at(stuck: &'static [u32], seen: &Seen<u32>) -> Scripted {
    let seen = seen.clone();
    Scripted::new(move |request: Request<Order>| {
        let number = request.get_ref().number;
        seen.tell(number);
        async move {
            if stuck.contains(&number) {
                pending::<()>().await;
            }
            Ok(receipt(request.into_inner()))
        }
    })
}

type Outcome = Result<Response<Receipt>, Status>;

/// Ten calls of which those numbered 3 and 7 are never answered, and the rest is.
async fn ten_calls(desk: &DeskClient) -> Vec<JoinHandle<Outcome>> {
    let mut calls = Vec::new();
    for number in 0..10 {
        let mut desk = desk.clone();
        let mut call = Box::pin(async move { desk.ask(Order::number(number)).await });
        sent(&mut call).await;
        calls.push(tokio::spawn(call));
    }
    for number in (0..10).filter(|number| ![3, 7].contains(number)).rev() {
        let call = calls.remove(number);
        soon("the others are answered", call)
            .await
            .unwrap()
            .unwrap();
    }
    calls
}

async fn all_ten(sights: &mut Sightings<u32>) {
    let handled = sights.sorted(10, "all calls are handled").await;
    assert_eq!(handled, (0..10).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_commit_tells_which_of_the_later_calls_are_finished() {
    let world = World::with_partitions(1);
    let (seen, mut sights) = sightings();
    let _crashed = world.desk(stuck_at(&[3, 7], &seen)).await;
    let desk = world.client().await;
    let _stuck = ten_calls(&desk).await;
    all_ten(&mut sights).await;

    // What the broker knows when the server is killed now: a server that begins with it, under
    // another name, is the one after the crash.
    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Desk.Ask");
    let group = foreign.group(&world.name("tests.v1.Desk"));
    // From 3 it is 4 to the next unfinished one, and 3 to the end. Other versions have to read it.
    let expected = Committed {
        offset: 3,
        metadata: "kr1:BAM".to_owned(),
    };
    group
        .reaches(&topic, 0, "what is finished is committed", |at| {
            *at == expected
        })
        .await;
    let next = foreign.group(&world.name("after-the-crash"));
    next.commit(&topic, 0, expected).await;

    let (seen, mut sights) = sightings();
    let builder = world::desk(stuck_at(&[], &seen)).group("after-the-crash");
    let _next = world.serve(builder).await;
    assert_eq!(
        sights.sorted(2, "the unfinished calls are handled").await,
        [3, 7]
    );
    next.reaches(&topic, 0, "all is finished", |at| at.offset == 10)
        .await;
    assert_eq!(sights.so_far(), [0_u32; 0]);
}

#[tokio::test]
async fn after_a_shutdown_the_next_server_handles_the_unfinished_calls_alone() {
    let world = World::with_partitions(1);
    let (seen, mut sights) = sightings();
    let builder = desk(stuck_at(&[3, 7], &seen)).drain_time(Duration::ZERO);
    let first = world.serve(builder).await;
    let desk = world.client().await;
    let stuck = ten_calls(&desk).await;
    all_ten(&mut sights).await;
    first.shutdown().await;

    let (seen, mut sights) = sightings();
    let _next = world.desk(stuck_at(&[], &seen)).await;
    assert_eq!(
        sights.sorted(2, "the unfinished calls are handled").await,
        [3, 7]
    );
    for (call, number) in stuck.into_iter().zip([3, 7]) {
        let receipt = soon("the unfinished calls are answered", call)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(receipt.get_ref().number, number);
    }
    let topic = world.name("tests.v1.Desk.Ask");
    let group = Foreign::new(world.cluster()).group(&world.name("tests.v1.Desk"));
    let at = group
        .reaches(&topic, 0, "all is finished", |at| at.offset == 10)
        .await;
    assert_eq!(at.metadata, "");
    assert_eq!(sights.so_far(), [0_u32; 0]);
}

#[tokio::test]
async fn an_at_most_once_call_is_committed_before_its_handler_starts() {
    let world = World::with_partitions(1);
    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Desk.Pay");
    let (group, name) = (foreign.group(&world.name("tests.v1.Desk")), topic.clone());
    let group = Arc::new(group);
    let (seen, mut sights) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        let (group, name, seen) = (Arc::clone(&group), name.clone(), seen.clone());
        async move {
            let offset = request.origin().unwrap().offset;
            seen.tell((offset, group.committed(&name, 0).await));
            Ok(receipt(request.into_inner()))
        }
    });
    let _server = world.desk(script).await;
    let mut desk = world.client().await;
    for number in 0..3 {
        desk.pay(Order::number(number)).await.unwrap();
        let (offset, committed) = sights.next("the handler starts").await;
        let committed = committed.expect("a commit before the handler");
        assert!(
            committed.offset > offset,
            "{committed:?} before {offset} starts"
        );
    }
}

#[tokio::test]
async fn an_at_most_once_call_whose_handler_is_ended_half_way_is_not_repeated() {
    let world = World::with_partitions(1);
    let (seen, mut sights) = sightings();
    let builder = desk(stuck_at(&[1], &seen)).drain_time(Duration::ZERO);
    let first = world.serve(builder).await;
    let desk = world.client().await;
    let mut clone = desk.clone();
    let mut request = Request::new(Order::number(1));
    request.set_timeout(Duration::from_secs(3));
    let stuck = tokio::spawn(async move { clone.pay(request).await });
    assert_eq!(sights.next("the call is handled").await, 1);
    first.shutdown().await;

    let (seen, mut sights) = sightings();
    let _next = world.desk(stuck_at(&[], &seen)).await;
    let receipt = desk.clone().pay(Order::number(2)).await.unwrap();
    assert_eq!(receipt.get_ref().number, 2);
    let status = soon("the lost call ends", stuck)
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(sights.so_far(), [2]);
}

#[tokio::test]
async fn an_at_most_once_call_that_had_not_started_is_handled_by_the_next_server() {
    let world = World::with_partitions(1);
    let (seen, mut sights) = sightings();
    let builder = desk(stuck_at(&[1], &seen))
        .concurrency_limit(1)
        .drain_time(Duration::ZERO);
    let first = world.serve(builder).await;
    let desk = world.client().await;
    let (mut one, mut two) = (desk.clone(), desk);
    let mut stuck = Box::pin(one.pay(Order::number(1)));
    sent(&mut stuck).await;
    let mut waiting = Box::pin(two.pay(Order::number(2)));
    sent(&mut waiting).await;
    assert_eq!(sights.next("the first call is handled").await, 1);
    first.shutdown().await;

    let (seen, mut sights) = sightings();
    let _next = world.desk(stuck_at(&[], &seen)).await;
    assert_eq!(waiting.await.unwrap().get_ref().number, 2);
    assert_eq!(sights.so_far(), [2]);
}

#[tokio::test]
async fn a_call_that_was_made_before_there_was_a_server_is_answered() {
    let world = World::embedded();
    let mut desk = world.client().await;
    let mut call = Box::pin(desk.ask(Order::number(1)));
    sent(&mut call).await;
    let _server = world.desk(Scripted::echo()).await;
    assert_eq!(call.await.unwrap().get_ref().number, 1);
}

//! Calls that start together share a task, and do not hold each other up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kafka_rpc::{Code, Request, Status};
use kafka_rpc_tests::service::{Order, Scripted, receipt};
use kafka_rpc_tests::soon;
use kafka_rpc_tests::world::World;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// Calls all of these numbers at once, and tells how each ended.
async fn call_all(world: &World, numbers: std::ops::Range<u32>) -> Vec<Result<u32, Code>> {
    let desk = world.client().await;
    let mut calls = JoinSet::new();
    for number in numbers {
        let mut desk = desk.clone();
        calls.spawn(async move {
            let receipt = desk.ask(Order::number(number)).await;
            receipt
                .map(|receipt| receipt.get_ref().number)
                .map_err(|status| status.code())
        });
    }
    let mut outcomes = soon("all calls end", calls.join_all()).await;
    outcomes.sort_unstable_by_key(|outcome| outcome.map_err(|code| code as i32));
    outcomes
}

#[tokio::test]
async fn handlers_that_wait_for_each_other_all_run() {
    let world = World::with_partitions(1);
    let all = Arc::new(Barrier::new(100));
    let script = Scripted::new(move |request: Request<Order>| {
        let all = Arc::clone(&all);
        async move {
            all.wait().await;
            Ok(receipt(request.into_inner()))
        }
    });
    let _server = world.desk(script).await;
    let expected: Vec<_> = (0..100).map(Ok).collect();
    assert_eq!(call_all(&world, 0..100).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_handler_that_holds_its_thread_has_those_behind_it_run_on_others() {
    let world = World::with_partitions(1);
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&most);
    let script = Scripted::new(move |request: Request<Order>| {
        let (running, most) = (Arc::clone(&running), Arc::clone(&most));
        async move {
            let now = running.fetch_add(1, Ordering::SeqCst) + 1;
            most.fetch_max(now, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(50));
            running.fetch_sub(1, Ordering::SeqCst);
            Ok(receipt(request.into_inner()))
        }
    });
    let _server = world.desk(script).await;
    let expected: Vec<_> = (0..24).map(Ok).collect();
    assert_eq!(call_all(&world, 0..24).await, expected);
    let most = seen.load(Ordering::SeqCst);
    assert!(most >= 2, "{most} handler at a time, on four threads");
}

#[tokio::test]
async fn a_panic_ends_its_own_call_and_none_of_those_that_started_with_it() {
    let world = World::with_partitions(1);
    let script = Scripted::new(|request: Request<Order>| async move {
        let order = request.into_inner();
        match order.number % 3 {
            0 => panic!("a third of the calls"),
            1 => Err(Status::not_found("another third")),
            _ => Ok(receipt(order)),
        }
    });
    let _server = world.desk(script).await;
    let outcomes = call_all(&world, 0..90).await;
    let count = |wanted: Code| outcomes.iter().filter(|o| **o == Err(wanted)).count();
    assert_eq!((count(Code::Internal), count(Code::NotFound)), (30, 30));
    let good = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(good, 30, "{outcomes:?}");
}

//! How servers and channels end, and the calls that are on their way then.

use std::future::pending;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use kafka_rpc::{Code, Request};
use kafka_rpc_tests::service::{DeskClient, Order, Scripted, receipt};
use kafka_rpc_tests::world::{World, desk};
use kafka_rpc_tests::{Gate, Sightings, sent, sightings, soon};
use tokio::runtime::Runtime;

/// Tells the number of each call, and answers it when the gate is open.
fn gated(gate: &Gate) -> (Scripted, Sightings<u32>) {
    let (seen, numbers) = sightings();
    let gate = gate.clone();
    let script = Scripted::new(move |request: Request<Order>| {
        seen.tell(request.get_ref().number);
        let gate = gate.clone();
        async move {
            gate.pass().await;
            Ok(receipt(request.into_inner()))
        }
    });
    (script, numbers)
}

#[tokio::test]
async fn a_shutdown_lets_running_calls_end_and_no_waiting_call_is_lost_or_repeated() {
    let world = World::with_partitions(1);
    let gate = Gate::closed();
    let (script, mut first) = gated(&gate);
    let server = world.serve(desk(script).concurrency_limit(1)).await;
    let desk = world.client().await;
    let (mut one, mut two) = (desk.clone(), desk);
    let mut running = Box::pin(one.ask(Order::number(1)));
    sent(&mut running).await;
    let mut waiting = Box::pin(two.ask(Order::number(2)));
    sent(&mut waiting).await;
    assert_eq!(first.next("the first call is handled").await, 1);
    server.handle().shutdown();
    gate.open();
    server.ended().await.unwrap();
    assert_eq!(running.await.unwrap().get_ref().number, 1);

    let (script, mut next) = gated(&gate);
    let _next = world.desk(script).await;
    assert_eq!(waiting.await.unwrap().get_ref().number, 2);
    // By the first one where it had not noticed yet that it shall end.
    let handled = [first.so_far(), next.so_far()].concat();
    assert_eq!(handled, [2]);
}

#[tokio::test]
async fn a_shutdown_waits_no_longer_than_the_drain_time() {
    let world = World::embedded();
    let (seen, mut sights) = sightings();
    let script = Scripted::new(move |_| {
        let dropped = seen.on_drop("dropped");
        seen.tell("running");
        async move {
            let _dropped = dropped;
            pending().await
        }
    });
    let drain_time = Duration::from_millis(300);
    let server = world.serve(desk(script).drain_time(drain_time)).await;
    let mut desk = world.client().await;
    let mut call = Box::pin(desk.ask(Order::number(1)));
    sent(&mut call).await;
    assert_eq!(sights.next("the handler runs").await, "running");
    let begun = Instant::now();
    server.shutdown().await;
    let took = begun.elapsed();
    assert!(
        took >= drain_time && took < Duration::from_secs(10),
        "{took:?}"
    );
    assert_eq!(sights.next("the handler is ended").await, "dropped");
}

#[tokio::test]
async fn a_server_ends_when_its_signal_comes() {
    let world = World::embedded();
    let gate = Gate::closed();
    let signal = gate.clone();
    let builder = desk(Scripted::echo());
    let handle = builder.handle();
    let serving = builder.serve_with_shutdown(world.cluster(), async move { signal.pass().await });
    let serving = tokio::spawn(serving);
    soon("the server is ready", handle.ready()).await;
    assert!(world.client().await.ask(Order::number(1)).await.is_ok());
    assert!(!serving.is_finished());
    gate.open();
    soon("the server ends", serving).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_server_that_is_shut_down_before_it_is_ready_ends() {
    let world = World::embedded();
    let builder = desk(Scripted::echo());
    builder.handle().shutdown();
    soon("the server ends", builder.serve(world.cluster()))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_server_whose_future_is_dropped_takes_no_more_calls() {
    let world = World::with_partitions(1);
    let gate = Gate::closed();
    gate.open();
    let (script, mut numbers) = gated(&gate);
    let server = world.desk(script).await;
    let desk = world.client().await;
    desk.clone().ask(Order::number(1)).await.unwrap();
    assert_eq!(numbers.next("the call is handled").await, 1);
    drop(server);

    // The next one gets its partitions, so that the first must have let go of them.
    let (script, mut after) = gated(&gate);
    let _next = world.desk(script).await;
    desk.clone().ask(Order::number(2)).await.unwrap();
    assert_eq!(after.next("the call is handled").await, 2);
    assert_eq!(numbers.so_far(), [0_u32; 0]);
}

#[tokio::test]
async fn calls_outlive_the_channel_and_the_client_that_they_were_made_on() {
    let world = World::embedded();
    let gate = Gate::closed();
    let (script, mut numbers) = gated(&gate);
    let _server = world.desk(script).await;
    let desk = world.client().await;
    let mut calls: Vec<_> = (0..5)
        .map(|number| {
            let mut desk = desk.clone();
            Box::pin(async move { desk.ask(Order::number(number)).await })
        })
        .collect();
    for call in &mut calls {
        sent(call).await;
    }
    drop(desk);
    assert_eq!(
        numbers.sorted(5, "all calls are handled").await,
        [0, 1, 2, 3, 4]
    );
    gate.open();
    for (number, call) in (0..).zip(calls) {
        let response = soon("the call ends", call).await.unwrap();
        assert_eq!(response.get_ref().number, number);
    }
}

#[test]
fn calls_end_as_unavailable_when_the_runtime_of_their_channel_ends() {
    let world = World::embedded();
    let channels = Runtime::new().unwrap();
    let callers = Runtime::new().unwrap();
    let desk = channels.block_on(world.client());
    let calls: Vec<_> = (0..5)
        .map(|number| {
            let mut desk = desk.clone();
            callers.spawn(async move {
                let mut call = Box::pin(desk.ask(Order::number(number)));
                sent(&mut call).await;
                call.await
            })
        })
        .collect();
    // All have been sent when their requests can be read.
    let requests = kafka_rpc_tests::foreign::Foreign::new(world.cluster());
    callers.block_on(async {
        let mut requests = requests.read(&world.name("tests.v1.Desk.Ask"));
        for _ in 0..5 {
            requests.next().await;
        }
    });
    channels.shutdown_background();
    callers.block_on(async {
        for call in calls {
            let status = soon("the call ends", call).await.unwrap().unwrap_err();
            assert_eq!(status.code(), Code::Unavailable, "{status}");
        }
        let status = soon("a new call ends", desk.clone().ask(Order::default()))
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "{status}");
    });
}

#[test]
fn a_runtime_with_a_server_and_calls_on_it_ends_without_hanging() {
    let (ended, end) = mpsc::channel();
    thread::spawn(move || {
        let world = World::embedded();
        let runtime = Runtime::new().unwrap();
        let (seen, mut numbers) = sightings();
        let script = Scripted::new(move |request: Request<Order>| {
            seen.tell(request.get_ref().number);
            pending()
        });
        runtime.block_on(async {
            let server = world.desk(script).await;
            std::mem::forget(server);
            let desk = world.client().await;
            for number in 0..20 {
                let mut desk = desk.clone();
                tokio::spawn(async move { desk.ask(Order::number(number)).await });
            }
            let handled = numbers.sorted(20, "all calls are handled").await;
            assert_eq!(handled, (0..20).collect::<Vec<_>>());
        });
        drop(runtime);
        drop(world);
        let _unwanted = ended.send(());
    });
    end.recv_timeout(Duration::from_secs(20))
        .expect("the runtime ends");
}

#[test]
fn what_a_runtime_left_unfinished_when_it_ended_is_handled_by_the_next_server() {
    let world = World::with_partitions(1);
    let callers = Runtime::new().unwrap();
    let first = Runtime::new().unwrap();
    let (script, mut numbers) = gated(&Gate::closed());
    let server = first.block_on(world.desk(script));
    let mut desk: DeskClient = callers.block_on(world.client());
    let call = callers.spawn(async move { desk.ask(Order::number(1)).await });
    let handled = callers.block_on(numbers.next("the call is handled"));
    assert_eq!(handled, 1);
    first.shutdown_background();
    drop(server);

    // At once, for nobody waits for a handler that is gone.
    let begun = Instant::now();
    callers.block_on(async {
        let _next = world.desk(Scripted::echo()).await;
        let response = soon("the call ends", call).await.unwrap().unwrap();
        assert_eq!(response.get_ref().number, 1);
    });
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
}

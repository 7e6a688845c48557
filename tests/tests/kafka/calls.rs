//! Calls that go well.

use std::time::Duration;

use kafka_rpc::{Channel, Code, Request, Response};
use kafka_rpc_tests::load::Load;
use kafka_rpc_tests::service::{DeskClient, Order, Receipt, Scripted};
use kafka_rpc_tests::world::desk;
use kafka_rpc_tests::{Gate, require_java, sightings, soon};

use crate::world::world;

#[tokio::test]
async fn a_call_is_answered() {
    require_java!();
    let world = world();
    let server = world.desk(Scripted::echo()).await;
    let mut desk = world.client().await;
    let receipt = desk.ask(Order::number(7)).await.unwrap();
    assert_eq!(receipt.get_ref().number, 7);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_calls_at_once_each_gets_its_own_reply() {
    require_java!();
    let world = world();
    let server = world.desk(Scripted::echo()).await;
    let load = Load::start(&world.client().await, 512, Duration::from_secs(20));
    load.goes_on(5_000).await;
    for call in load.stop().await {
        call.outcome.unwrap();
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_request_waits_for_a_server_that_is_not_there_yet() {
    require_java!();
    let world = world();
    let mut desk = world.client().await;
    let mut early = Request::new(Order::number(1));
    early.set_timeout(Duration::from_millis(300));
    let status = desk.ask(early).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);

    let waiting = tokio::spawn(async move { desk.ask(Order::number(2)).await });
    let handled = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let numbers = std::sync::Arc::clone(&handled);
    let server = world
        .desk(Scripted::new(move |request| {
            numbers.lock().unwrap().push(request.get_ref().number);
            async move { Ok(kafka_rpc_tests::service::receipt(request.into_inner())) }
        }))
        .await;
    let receipt = waiting.await.unwrap().unwrap();
    assert_eq!(receipt.get_ref().number, 2);
    assert_eq!(
        *handled.lock().unwrap(),
        [2],
        "the first one's deadline had passed"
    );
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_messages_go_in_pieces_and_are_handled_again_where_their_server_does_not_end_them() {
    const MIB: usize = 1024 * 1024;
    require_java!();
    let world = world();
    let gate = Gate::closed();
    let (seen, mut begun) = sightings();
    let script = {
        let gate = gate.clone();
        Scripted::new(move |request: Request<Order>| {
            let (gate, seen) = (gate.clone(), seen.clone());
            async move {
                let order = request.into_inner();
                seen.tell(order.number);
                gate.pass().await;
                Ok(Response::new(Receipt {
                    number: order.number,
                    payload: order.payload,
                }))
            }
        })
    };
    let serve = || {
        desk(script.clone())
            .chunked_message_limit(20 * MIB)
            .drain_time(Duration::from_millis(200))
    };
    let first = world.serve(serve()).await;
    let channel = Channel::builder().chunked_message_limit(20 * MIB);
    let client = DeskClient::new(world.connect(channel).await);
    let calls = (0..12_u32).map(|number| {
        let mut desk = client.clone();
        async move {
            let order = Order {
                payload: vec![number as u8; 3 * MIB + number as usize],
                ..Order::number(number)
            };
            let reply = desk.ask(order.clone()).await.unwrap().into_inner();
            assert_eq!(reply.number, number);
            assert!(reply.payload == order.payload);
        }
    });
    let calls = tokio::spawn(futures_util::future::join_all(calls));
    let numbers: Vec<u32> = (0..12).collect();
    assert_eq!(begun.sorted(12, "all begin").await, numbers);

    // Its handlers do not end in the time that they have.
    first.shutdown().await;
    let _second = world.serve(serve()).await;
    gate.open();
    assert_eq!(begun.sorted(12, "all begin again").await, numbers);
    soon("all are answered", calls).await.unwrap();
}

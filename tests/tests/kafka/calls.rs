//! Calls that go well.

use std::time::Duration;

use kafka_rpc::{Code, Request};
use kafka_rpc_tests::load::Load;
use kafka_rpc_tests::require_java;
use kafka_rpc_tests::service::{Order, Scripted};

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

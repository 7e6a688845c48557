//! A panic is `INTERNAL` to its caller, and harms no other call.

use std::time::Duration;

use kafka_rpc::{Code, Request, Server};
use kafka_rpc_tests::foreign::Foreign;
use kafka_rpc_tests::service::{DeskServer, Order, Scripted, receipt};
use kafka_rpc_tests::world::World;
use kafka_rpc_tests::{Gate, sightings};

#[tokio::test]
async fn a_panic_is_internal_to_its_caller_and_harms_no_call_that_runs() {
    let world = World::embedded();
    let gate = Gate::closed();
    let held = gate.clone();
    let (seen, mut numbers) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        let (held, seen) = (held.clone(), seen.clone());
        async move {
            let number = request.get_ref().number;
            seen.tell(number);
            assert_ne!(number, 2, "as the test wants");
            held.pass().await;
            Ok(receipt(request.into_inner()))
        }
    });
    let _server = world.desk(script).await;
    let mut desk = world.client().await;
    let mut clone = desk.clone();
    let beside = tokio::spawn(async move { clone.ask(Order::number(1)).await });
    assert_eq!(numbers.next("the first call is handled").await, 1);
    let status = desk.ask(Order::number(2)).await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert_eq!(
        status.message(),
        "the handler of tests.v1.Desk/Ask panicked"
    );
    gate.open();
    assert_eq!(beside.await.unwrap().unwrap().get_ref().number, 1);
    assert_eq!(
        desk.ask(Order::number(3)).await.unwrap().get_ref().number,
        3
    );
}

#[tokio::test]
async fn panics_take_no_permits_away() {
    let world = World::embedded();
    let script = Scripted::new(|request: Request<Order>| async move {
        assert!(request.get_ref().number >= 20, "as the test wants");
        Ok(receipt(request.into_inner()))
    });
    let builder = kafka_rpc_tests::world::desk(script).concurrency_limit(2);
    let _server = world.serve(builder).await;
    let mut desk = world.client().await;
    for number in 0..20 {
        let status = desk.ask(Order::number(number)).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal);
    }
    assert_eq!(
        desk.ask(Order::number(20)).await.unwrap().get_ref().number,
        20
    );
}

#[tokio::test]
async fn a_panic_before_the_handlers_first_await_is_no_different() {
    let world = World::embedded();
    let script = Scripted::new(|request: Request<Order>| {
        assert_ne!(request.get_ref().number, 1, "as the test wants");
        async { Ok(receipt(request.into_inner())) }
    });
    let service = DeskServer::with_interceptor(script, |request: Request<()>| {
        assert!(
            !request.metadata().contains_key("panic"),
            "as the test wants"
        );
        Ok(request)
    });
    let _server = world.serve(Server::builder().add_service(service)).await;
    let mut desk = world.client().await;
    let status = desk.ask(Order::number(1)).await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    let mut request = Request::new(Order::number(2));
    request.metadata_mut().insert("panic", 1.into()).unwrap();
    let status = desk.ask(request).await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert_eq!(
        desk.ask(Order::number(3)).await.unwrap().get_ref().number,
        3
    );
}

#[tokio::test]
async fn a_call_that_panics_is_not_handled_again() {
    let world = World::embedded();
    let (seen, mut numbers) = sightings();
    let script = |seen: kafka_rpc_tests::Seen<u32>| {
        Scripted::new(move |request: Request<Order>| {
            let seen = seen.clone();
            async move {
                seen.tell(request.get_ref().number);
                assert_ne!(request.get_ref().number, 1, "as the test wants");
                Ok(receipt(request.into_inner()))
            }
        })
    };
    let first = world.desk(script(seen)).await;
    let mut desk = world.client().await;
    desk.place(Order::of("ada", 1)).await.unwrap_err();
    assert_eq!(numbers.next("the call is handled").await, 1);
    first.shutdown().await;
    let (seen, mut numbers) = sightings();
    let _next = world.desk(script(seen)).await;
    desk.place(Order::of("ada", 2)).await.unwrap();
    assert_eq!(numbers.so_far(), [2]);
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("as the test wants");
        }
    }
}

#[tokio::test]
async fn a_panic_while_a_handler_is_cancelled_leaves_no_trace() {
    let world = World::with_partitions(1);
    let script = Scripted::new(|request: Request<Order>| async move {
        if request.get_ref().number == 1 {
            let _bomb = Bomb;
            std::future::pending::<()>().await;
        }
        Ok(receipt(request.into_inner()))
    });
    let builder = kafka_rpc_tests::world::desk(script).concurrency_limit(1);
    let server = world.serve(builder).await;
    let mut desk = world.client().await;
    let mut request = Request::new(Order::of("ada", 1));
    request.set_timeout(Duration::from_millis(700));
    let status = desk.place(request).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(
        desk.place(Order::of("ada", 2))
            .await
            .unwrap()
            .get_ref()
            .number,
        2
    );
    // Neither is the partition's progress held up.
    server.shutdown().await;
    let group = Foreign::new(world.cluster()).group(&world.name("tests.v1.Desk"));
    let committed = group
        .committed(&world.name("tests.v1.Desk.Place"), 0)
        .await
        .unwrap();
    assert_eq!((committed.offset, &*committed.metadata), (2, ""));
}

//! What a server refuses, cancels or loses is counted.

use std::future::pending;
use std::time::Duration;

use kafka_rpc::{Redelivery, Request, ServerBuilder, Status};
use kafka_rpc_tests::foreign::{Foreign, Record};
use kafka_rpc_tests::service::{Order, Scripted, receipt};
use kafka_rpc_tests::world::{Serving, World, desk};
use kafka_rpc_tests::{Gate, Seen, Sightings, sent, sightings};

use crate::counters::Counters;

/// Handles order 1 until the gate is open, panics at order 2, and answers all others.
fn script(gate: &Gate, seen: &Seen<u32>) -> Scripted {
    let (gate, seen) = (gate.clone(), seen.clone());
    Scripted::new(move |request: Request<Order>| {
        let number = request.get_ref().number;
        seen.tell(number);
        let gate = gate.clone();
        async move {
            assert_ne!(number, 2, "as the test wants");
            if number == 1 {
                gate.pass().await;
            }
            Ok(receipt(request.into_inner()))
        }
    })
}

async fn serving(
    world: &World,
    gate: &Gate,
    settings: impl FnOnce(ServerBuilder) -> ServerBuilder,
) -> (Serving, Sightings<u32>) {
    let (seen, numbers) = sightings();
    let builder = settings(desk(script(gate, &seen)));
    (world.serve(builder).await, numbers)
}

#[tokio::test]
async fn a_refused_request_is_counted_by_its_reason_and_whether_it_was_answered() {
    let mut counters = Counters::start().await;
    let world = World::with_partitions(1);
    let settings = |builder: ServerBuilder| builder.message_limit(1000);
    let (_server, mut numbers) = serving(&world, &Gate::closed(), settings).await;
    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Desk.Ask");
    let good = Record::request(&topic, "call", &Order::number(3));
    let no_address = good.clone().without("kafka_replyTopic");
    let elsewhere = no_address.clone().header("kafka_replyTopic", "elsewhere");
    let requests = [
        (
            good.clone().header("grpc-timeout", "never"),
            "malformed",
            true,
        ),
        (
            no_address.clone().header("grpc-timeout", "never"),
            "malformed",
            false,
        ),
        (
            good.clone().header("rpc-method", "tests.v1.Desk/Fly"),
            "unknown_method",
            true,
        ),
        (good.clone().message(&Order::large(1000)), "too_large", true),
        (
            good.clone().header("x-report", vec![b'x'; 17_000]),
            "too_large",
            true,
        ),
        (no_address.message(&Order::large(1000)), "too_large", false),
        (elsewhere, "reply_topic", false),
    ];
    let mut expected = std::collections::HashMap::new();
    for (request, reason, answered) in requests {
        foreign.write(request).await;
        let name = format!(
            "kafka_rpc.server.refused_requests{{kafka_rpc.refusal.reason={reason},\
             kafka_rpc.refusal.answered={answered}}}"
        );
        *expected.entry(name).or_insert(0) += 1;
    }
    foreign.write(good).await;
    assert_eq!(numbers.next("the good request is handled").await, 3);
    for (name, count) in expected {
        counters.reaches(&name, count).await;
    }
}

#[tokio::test]
async fn a_request_that_is_not_handled_for_its_deadline_is_counted() {
    let mut counters = Counters::start().await;
    let world = World::with_partitions(1);
    let (_server, mut numbers) = serving(&world, &Gate::closed(), |builder| builder).await;
    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Desk.Ask");
    let late = Record::request(&topic, "call", &Order::number(4)).header("grpc-timeout", "1S");
    foreign.write(late.timestamp(1_000_000_000_000)).await;
    foreign
        .write(Record::request(&topic, "call", &Order::number(3)))
        .await;
    assert_eq!(numbers.next("the good request is handled").await, 3);
    let name = "kafka_rpc.server.expired_requests{rpc.method=tests.v1.Desk/Ask}";
    counters.reaches(name, 1).await;
}

#[tokio::test]
async fn cancelled_calls_are_counted_at_both_ends_whether_they_wait_or_run() {
    let mut counters = Counters::start().await;
    let world = World::with_partitions(1);
    let gate = Gate::closed();
    let (_server, mut numbers) = serving(&world, &gate, |builder| builder).await;
    let desk = world.client().await;
    let (mut one, mut two) = (desk.clone(), desk);
    let mut running = Box::pin(one.place(Order::of("ada", 1)));
    sent(&mut running).await;
    let mut waiting = Box::pin(two.place(Order::of("ada", 3)));
    sent(&mut waiting).await;
    assert_eq!(numbers.next("the first call is handled").await, 1);
    let active = "kafka_rpc.server.active_handlers{rpc.method=tests.v1.Desk/Place}";
    let pending = "kafka_rpc.client.pending_calls{rpc.method=tests.v1.Desk/Place}";
    counters.reaches(active, 1).await;
    counters.reaches(pending, 2).await;

    let server = "kafka_rpc.server.cancelled_calls{rpc.method=tests.v1.Desk/Place}";
    let client = "kafka_rpc.client.cancelled_calls{rpc.method=tests.v1.Desk/Place}";
    drop(waiting);
    counters.reaches(server, 1).await;
    drop(running);
    counters.reaches(server, 2).await;
    counters.reaches(client, 2).await;
    counters.reaches(active, 0).await;
    counters.reaches(pending, 0).await;
    assert_eq!(numbers.so_far(), [0_u32; 0]);
}

#[tokio::test]
async fn a_panic_is_counted() {
    let mut counters = Counters::start().await;
    let world = World::with_partitions(1);
    let (_server, _numbers) = serving(&world, &Gate::closed(), |builder| builder).await;
    world
        .client()
        .await
        .ask(Order::number(2))
        .await
        .unwrap_err();
    counters.reaches("kafka_rpc.server.panics", 1).await;
}

#[tokio::test]
async fn a_reply_that_can_not_be_written_is_counted() {
    let mut counters = Counters::start().await;
    let world = World::with_partitions(1);
    let (_server, _numbers) = serving(&world, &Gate::closed(), |builder| builder).await;
    let request = Record::request(&world.name("tests.v1.Desk.Ask"), "call", &Order::number(3));
    let request = request.header("kafka_replyPartition", "99");
    Foreign::new(world.cluster()).write(request).await;
    counters.reaches("kafka_rpc.server.lost_replies", 1).await;
}

#[tokio::test]
async fn a_server_that_ends_before_its_handlers_is_counted() {
    let mut counters = Counters::start().await;
    let world = World::with_partitions(1);
    let gate = Gate::closed();
    let settings = |builder: ServerBuilder| builder.drain_time(Duration::ZERO);
    let (server, mut numbers) = serving(&world, &gate, settings).await;
    let mut desk = world.client().await;
    let mut call = Box::pin(desk.ask(Order::number(1)));
    sent(&mut call).await;
    assert_eq!(numbers.next("the call is handled").await, 1);
    server.shutdown().await;
    assert_eq!(counters.get("kafka_rpc.server.drain_timeouts"), 1);
}

#[tokio::test]
async fn what_an_earlier_server_had_finished_is_stepped_past_and_counted() {
    let mut counters = Counters::start().await;
    let world = World::with_partitions(1);
    let gate = Gate::closed();
    let settings = |builder: ServerBuilder| builder.drain_time(Duration::ZERO);
    let (server, mut numbers) = serving(&world, &gate, settings).await;
    let desk = world.client().await;
    let mut one = desk.clone();
    let mut stuck = Box::pin(one.ask(Order::number(1)));
    sent(&mut stuck).await;
    assert_eq!(numbers.next("the first call is handled").await, 1);
    for number in 3..6 {
        desk.clone().ask(Order::number(number)).await.unwrap();
    }
    server.shutdown().await;
    gate.open();
    let (_next, mut numbers) = serving(&world, &gate, |builder| builder).await;
    stuck.await.unwrap();
    desk.clone().ask(Order::number(9)).await.unwrap();
    assert_eq!(numbers.so_far(), [1, 9]);
    assert_eq!(counters.get("kafka_rpc.server.repeated_records"), 3);
}

#[tokio::test]
async fn a_handler_that_its_deadline_ends_is_no_longer_active() {
    let mut counters = Counters::start().await;
    let world = World::with_partitions(1);
    let _server = world.desk(Scripted::new(|_| pending())).await;
    let mut request = Request::new(Order::number(1));
    request.set_timeout(Duration::from_millis(200));
    world.client().await.ask(request).await.unwrap_err();
    counters
        .reaches(
            "kafka_rpc.server.active_handlers{rpc.method=tests.v1.Desk/Ask}",
            0,
        )
        .await;
}

#[tokio::test]
async fn dead_letters_are_counted_by_topic_and_cause_and_redeliveries() {
    let mut counters = Counters::start().await;
    let world = World::with_partitions(1);
    let failing = Scripted::new(|_| async { Err(Status::unavailable("the bank is away")) });
    let policy = Redelivery::new()
        .attempts(3)
        .initial_backoff(Duration::from_millis(1));
    let _server = world
        .serve(desk(failing).redelivery("tests.v1.Desk", policy))
        .await;
    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Desk.Ask");
    let request = Record::request(&topic, "call", &Order::number(3)).without("kafka_replyTopic");
    foreign.write(request.clone()).await;
    foreign.write(request.header("grpc-timeout", "never")).await;
    let letters = |cause: &str| {
        format!(
            "kafka_rpc.server.dead_letters{{messaging.destination.name={topic},\
             kafka_rpc.dead_letter.cause={cause}}}"
        )
    };
    counters.reaches(&letters("failed"), 1).await;
    counters.reaches(&letters("refused"), 1).await;
    counters.reaches("kafka_rpc.server.redeliveries", 2).await;
}

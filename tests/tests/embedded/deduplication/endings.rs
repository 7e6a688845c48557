//! A handler is not ended before what it came to is recorded.

use std::time::Duration;

use kafka_rpc::{Code, Request};
use kafka_rpc_tests::service::{Order, Scripted, receipt};
use kafka_rpc_tests::world::World;
use kafka_rpc_tests::{Gate, Sightings, sightings, soon};

use super::{bank, client, same};

#[derive(Debug, PartialEq, Eq)]
enum Sight {
    Begun(u32),
    Ended(u32),
    Dropped(u32),
}
use Sight::{Begun, Dropped, Ended};

/// Has its effect at once, and is through when the gate is open.
fn slow(gate: Gate) -> (Scripted, Sightings<Sight>) {
    let (seen, sights) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        let number = request.get_ref().number;
        let (gate, seen) = (gate.clone(), seen.clone());
        let dropped = seen.on_drop(Dropped(number));
        async move {
            seen.tell(Begun(number));
            gate.pass().await;
            dropped.disarm();
            seen.tell(Ended(number));
            Ok(receipt(request.into_inner()))
        }
    });
    (script, sights)
}

#[tokio::test]
async fn a_deadline_does_not_end_the_handler_and_a_repeat_gets_what_it_came_to() {
    let world = World::embedded();
    let gate = Gate::closed();
    let (script, mut sights) = slow(gate.clone());
    let _server = world.serve(bank(script)).await;
    let mut bank = client(&world).await;
    let mut request = same("rent", Order::number(1));
    request.set_timeout(Duration::from_millis(500));
    let status = bank.pay(request).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(sights.next("it has begun").await, Begun(1));
    let repeat = tokio::spawn(async move { bank.pay(same("rent", Order::number(1))).await });
    gate.open();
    let reply = soon("it is answered", repeat).await.unwrap().unwrap();
    assert_eq!(reply.get_ref().number, 1);
    assert_eq!(sights.so_far(), [Ended(1)]);
}

#[tokio::test]
async fn a_caller_that_goes_does_not_end_the_handler() {
    let world = World::embedded();
    let gate = Gate::closed();
    let (script, mut sights) = slow(gate.clone());
    let _server = world.serve(bank(script)).await;
    let mut bank = client(&world).await;
    let mut first = bank.clone();
    let call = tokio::spawn(async move { first.pay(same("rent", Order::number(1))).await });
    assert_eq!(sights.next("it has begun").await, Begun(1));
    call.abort();
    let repeat = tokio::spawn(async move { bank.pay(same("rent", Order::number(1))).await });
    // The cancel lies before it.
    let foreign = kafka_rpc_tests::foreign::Foreign::new(world.cluster());
    let mut requests = foreign.read(&world.name("tests.v1.Bank.Pay"));
    for _ in 0..3 {
        requests.next().await;
    }
    gate.open();
    let reply = soon("it is answered", repeat).await.unwrap().unwrap();
    assert_eq!(reply.get_ref().number, 1);
    assert_eq!(sights.so_far(), [Ended(1)]);
}

#[tokio::test]
async fn a_handler_that_never_ends_is_ended_when_a_drain_would_be_over() {
    let world = World::embedded();
    let (script, mut sights) = slow(Gate::closed());
    let builder = bank(script).drain_time(Duration::from_millis(100));
    let _server = world.serve(builder).await;
    let mut bank = client(&world).await;
    let mut request = same("rent", Order::number(1));
    request.set_timeout(Duration::from_millis(500));
    bank.pay(request).await.unwrap_err();
    assert_eq!(sights.next("it has begun").await, Begun(1));
    assert_eq!(sights.next("it is ended").await, Dropped(1));
}

#[tokio::test]
async fn a_server_that_ends_waits_for_what_is_to_be_recorded() {
    let world = World::embedded();
    let gate = Gate::closed();
    let (script, mut sights) = slow(gate.clone());
    let server = world.serve(bank(script)).await;
    let mut bank = client(&world).await;
    let mut request = same("rent", Order::number(1));
    request.set_timeout(Duration::from_millis(500));
    bank.pay(request).await.unwrap_err();
    assert_eq!(sights.next("it has begun").await, Begun(1));
    let ended = tokio::spawn(server.shutdown());
    tokio::task::yield_now().await;
    assert!(!ended.is_finished());
    gate.open();
    soon("the server ends", ended).await.unwrap();
    assert_eq!(sights.so_far(), [Ended(1)]);
}

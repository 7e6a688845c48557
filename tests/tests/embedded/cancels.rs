//! Who drops a call, cancels it.

use kafka_rpc::Request;
use kafka_rpc_tests::foreign::{Foreign, Record};
use kafka_rpc_tests::service::{Order, Receipt, Scripted, receipt};
use kafka_rpc_tests::world::{World, desk};
use kafka_rpc_tests::{Gate, Sightings, sent, sightings};

/// What became of the handler of a numbered order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sight {
    Running(u32),
    Dropped(u32),
}
use Sight::{Dropped, Running};

/// Handles order 1 for ever, or until the gate is open, and all others at once.
fn stuck_at_first(gate: Gate) -> (Scripted, Sightings<Sight>) {
    let (seen, sights) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        let number = request.get_ref().number;
        let (gate, dropped) = (gate.clone(), seen.on_drop(Dropped(number)));
        seen.tell(Running(number));
        async move {
            if number == 1 {
                gate.pass().await;
            }
            dropped.disarm();
            Ok(receipt(request.into_inner()))
        }
    });
    (script, sights)
}

#[tokio::test]
async fn dropping_a_running_call_cancels_its_handler() {
    let world = World::embedded();
    let (script, mut sights) = stuck_at_first(Gate::closed());
    let _server = world.desk(script).await;
    let mut desk = world.client().await;
    let call = tokio::spawn(async move { desk.ask(Order::number(1)).await });
    assert_eq!(sights.next("the handler runs").await, Running(1));
    call.abort();
    assert_eq!(sights.next("the handler is dropped").await, Dropped(1));
}

/// Waits until the desk has finished what lies behind the first record of a partition.
async fn finished_behind_the_first(world: &World, topic: &str) {
    let group = Foreign::new(world.cluster()).group(&world.name("tests.v1.Desk"));
    let what = "what follows is finished";
    group
        .reaches(topic, 0, what, |at| !at.metadata.is_empty())
        .await;
}

#[tokio::test]
async fn a_call_that_is_dropped_behind_the_concurrency_limit_is_not_handled() {
    let world = World::with_partitions(1);
    let gate = Gate::closed();
    let (script, mut sights) = stuck_at_first(gate.clone());
    let _server = world.serve(desk(script).concurrency_limit(1)).await;
    let desk = world.client().await;
    let (mut first, mut second, mut third) = (desk.clone(), desk.clone(), desk);
    let first = tokio::spawn(async move { first.ask(Order::number(1)).await });
    assert_eq!(sights.next("the first call is handled").await, Running(1));

    let mut second = Box::pin(second.ask(Order::number(2)));
    sent(&mut second).await;
    drop(second);
    finished_behind_the_first(&world, &world.name("tests.v1.Desk.Ask")).await;
    gate.open();
    first.await.unwrap().unwrap();
    third.ask(Order::number(3)).await.unwrap();
    assert_eq!(sights.so_far(), [Running(3)]);
}

#[tokio::test]
async fn a_call_that_is_dropped_behind_one_of_its_key_gives_way_to_the_next() {
    let world = World::with_partitions(1);
    let gate = Gate::closed();
    let (script, mut sights) = stuck_at_first(gate.clone());
    let _server = world.desk(script).await;
    let desk = world.client().await;
    let (mut first, mut second, mut third) = (desk.clone(), desk.clone(), desk);
    let mut first = Box::pin(first.place(Order::of("ada", 1)));
    sent(&mut first).await;
    let mut second = Box::pin(second.place(Order::of("ada", 2)));
    sent(&mut second).await;
    let mut third = Box::pin(third.place(Order::of("ada", 3)));
    sent(&mut third).await;
    assert_eq!(sights.next("the first call is handled").await, Running(1));
    drop(second);
    finished_behind_the_first(&world, &world.name("tests.v1.Desk.Place")).await;
    gate.open();
    let (first, third) = tokio::join!(first, third);
    first.unwrap();
    third.unwrap();
    assert_eq!(sights.so_far(), [Running(3)]);
}

#[tokio::test]
async fn a_cancel_of_another_make_is_understood_and_a_strange_one_ignored() {
    let world = World::with_partitions(1);
    let (script, mut sights) = stuck_at_first(Gate::closed());
    let _server = world.desk(script).await;
    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Desk.Ask");
    foreign
        .write(Record::request(&topic, "call-1", &Order::number(1)))
        .await;
    assert_eq!(sights.next("the handler runs").await, Running(1));
    let cancel = |id: &str| {
        let cancel = Record::to(&topic).header("rpc-frame", "cancel");
        cancel.header("kafka_correlationId", id)
    };
    foreign.write(cancel("call-2")).await;
    foreign
        .write(Record::to(&topic).header("rpc-frame", "cancel"))
        .await;
    foreign
        .write(Record::request(&topic, "call-3", &Order::number(3)))
        .await;
    assert_eq!(sights.next("the third call is handled").await, Running(3));
    foreign.write(cancel("call-1")).await;
    assert_eq!(sights.next("the handler is dropped").await, Dropped(1));
    // Over and out: once more changes nothing.
    foreign.write(cancel("call-1")).await;
    foreign
        .write(Record::request(&topic, "call-4", &Order::number(4)))
        .await;
    assert_eq!(sights.next("the fourth call is handled").await, Running(4));

    let mut replies = foreign.read(&format!("{topic}.reply"));
    let mut ids = Vec::new();
    for _ in 0..2 {
        let reply = replies.next().await;
        ids.push((reply.text("kafka_correlationId"), reply.text("grpc-status")));
    }
    ids.sort();
    let expected = [("call-3", ""), ("call-4", "")];
    assert_eq!(
        ids,
        expected.map(|(id, status)| (id.to_owned(), status.to_owned()))
    );
}

#[tokio::test]
async fn a_call_that_loses_a_race_is_cancelled() {
    let world = World::embedded();
    let (script, mut sights) = stuck_at_first(Gate::closed());
    let _server = world.desk(script).await;
    let mut desk = world.client().await;
    tokio::select! {
        outcome = desk.ask(Order::number(1)) => panic!("the call ended: {outcome:?}"),
        sight = sights.next("the handler runs") => assert_eq!(sight, Running(1)),
    }
    assert_eq!(sights.next("the handler is dropped").await, Dropped(1));
}

#[tokio::test]
async fn a_request_without_a_reply_address_is_handled_and_not_answered() {
    let world = World::with_partitions(1);
    let (script, mut sights) = stuck_at_first(Gate::closed());
    let _server = world.desk(script).await;
    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Desk.Ask");
    foreign
        .write(Record::to(&topic).message(&Order::number(2)))
        .await;
    let with_id = Record::to(&topic).message(&Order::number(3));
    foreign
        .write(with_id.header("kafka_correlationId", "call-3"))
        .await;
    foreign
        .write(Record::request(&topic, "call-4", &Order::number(4)))
        .await;
    for number in 2..5 {
        assert_eq!(sights.next("a call is handled").await, Running(number));
    }
    let mut replies = foreign.read(&format!("{topic}.reply"));
    let reply = replies.next().await;
    assert_eq!(reply.text("kafka_correlationId"), "call-4");
    assert_eq!(reply.decode::<Receipt>().number, 4);
    assert_eq!(replies.so_far(), []);
}

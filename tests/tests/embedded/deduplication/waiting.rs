use kafka_rpc::{Code, Request, Status};
use kafka_rpc_tests::service::{BankClient, Order, Scripted, receipt};
use kafka_rpc_tests::world::World;
use kafka_rpc_tests::{Gate, Sightings, sent, sightings, soon, until};

use super::{bank, client, same};

/// Holds order 1 up until the gate is open, and fails it then if `fails`, at its first time.
fn held(gate: Gate, fails: bool) -> (Scripted, Sightings<u32>) {
    let (seen, effects) = sightings();
    let first = std::sync::atomic::AtomicBool::new(true);
    let script = Scripted::new(move |request: Request<Order>| {
        let number = request.get_ref().number;
        seen.tell(number);
        let gate = gate.clone();
        let fails = fails && number == 1 && first.swap(false, std::sync::atomic::Ordering::Relaxed);
        async move {
            if number == 1 {
                gate.pass().await;
            }
            match fails {
                true => Err(Status::unavailable("not now")),
                false => Ok(receipt(request.into_inner())),
            }
        }
    });
    (script, effects)
}

/// A payment of order 1 whose record is in the partition of `place`.
fn at(place: &str) -> Request<Order> {
    let mut request = same("rent", Order::number(1));
    request.set_key(place.to_owned());
    request
}

/// Waits until `waiting` calls have come behind those that run.
async fn arrived(world: &World, calls: usize) {
    let foreign = kafka_rpc_tests::foreign::Foreign::new(world.cluster());
    let mut requests = foreign.read(&world.name("tests.v1.Bank.Pay"));
    let mut come = 0;
    until("they are written", || {
        come += requests.so_far().len();
        come == calls
    })
    .await;
}

#[tokio::test]
async fn a_repeat_that_comes_while_the_first_runs_waits_for_it_without_a_permit() {
    let world = World::with_partitions(4);
    let gate = Gate::closed();
    let (script, mut effects) = held(gate.clone(), false);
    // One permit for the first, and one for all others.
    let _server = world.serve(bank(script).concurrency_limit(2)).await;
    let mut bank = client(&world).await;
    let mut first = bank.clone();
    let first = tokio::spawn(async move { first.pay(at("a")).await });
    assert_eq!(effects.next("the first runs").await, 1);
    // In other partitions: those in the first's come behind it anyway.
    let repeats: Vec<_> = ["b", "c", "d", "e", "f", "g"]
        .into_iter()
        .map(|place| {
            let mut bank = bank.clone();
            tokio::spawn(async move { bank.pay(at(place)).await })
        })
        .collect();
    arrived(&world, 7).await;
    for number in 2..10 {
        bank.pay(Order::number(number)).await.unwrap();
    }
    assert!(!first.is_finished());
    gate.open();
    first.await.unwrap().unwrap();
    for repeat in repeats {
        let reply = soon("it is answered", repeat).await.unwrap();
        assert_eq!(reply.unwrap().get_ref().number, 1);
    }
    assert_eq!(effects.so_far(), (2..10).collect::<Vec<_>>());
}

#[tokio::test]
async fn where_the_first_does_not_come_to_an_end_one_of_its_repeats_runs() {
    let world = World::with_partitions(4);
    let gate = Gate::closed();
    let (script, mut effects) = held(gate.clone(), true);
    let _server = world.serve(bank(script)).await;
    let bank = client(&world).await;
    let calls: Vec<_> = ["a", "b", "c", "d"]
        .into_iter()
        .map(|place| {
            let mut bank = bank.clone();
            tokio::spawn(async move { bank.pay(at(place)).await })
        })
        .collect();
    arrived(&world, 4).await;
    gate.open();
    let mut failed = 0;
    for call in calls {
        match soon("it is answered", call).await.unwrap() {
            Ok(reply) => assert_eq!(reply.get_ref().number, 1),
            Err(status) => {
                assert_eq!(status.code(), Code::Unavailable);
                failed += 1;
            }
        }
    }
    assert_eq!((failed, effects.so_far()), (1, vec![1, 1]));
}

#[tokio::test]
async fn a_repeat_that_waits_may_be_cancelled() {
    let world = World::with_partitions(4);
    let gate = Gate::closed();
    let (script, mut effects) = held(gate.clone(), true);
    let _server = world.serve(bank(script)).await;
    let bank = client(&world).await;
    let [mut first, mut second, mut third]: [BankClient; 3] = std::array::from_fn(|_| bank.clone());
    let first = tokio::spawn(async move { first.pay(at("a")).await });
    assert_eq!(effects.next("the first runs").await, 1);
    let mut second = Box::pin(second.pay(at("b")));
    sent(&mut second).await;
    let third = tokio::spawn(async move { third.pay(at("c")).await });
    arrived(&world, 3).await;
    drop(second);
    // Its cancel.
    arrived(&world, 4).await;
    gate.open();
    first.await.unwrap().unwrap_err();
    let reply = soon("the next one runs", third).await.unwrap();
    assert_eq!(reply.unwrap().get_ref().number, 1);
}

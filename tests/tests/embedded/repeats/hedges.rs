use std::time::{Duration, Instant};

use kafka_rpc::{Code, HedgingPolicy, Request, RetryBudget, Status};
use kafka_rpc_tests::foreign::Foreign;
use kafka_rpc_tests::service::{Order, Scripted, receipt};
use kafka_rpc_tests::world::World;
use kafka_rpc_tests::{Seen, Sightings, sightings};

use super::{client, hedging};

/// What became of an attempt, by how many came before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sight {
    Running(u32),
    Dropped(u32),
}
use Sight::{Dropped, Running};

fn previous(request: &Request<Order>) -> u32 {
    let value = request.metadata().get("grpc-previous-rpc-attempts");
    value.map_or(0, |value| value.to_str().unwrap().parse().unwrap())
}

/// Lets the first attempts run for ever, and answers the others.
fn stuck(attempts: u32) -> (Scripted, Sightings<Sight>) {
    let (seen, sights): (Seen<Sight>, _) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        let attempt = previous(&request);
        let dropped = seen.on_drop(Dropped(attempt));
        seen.tell(Running(attempt));
        async move {
            if attempt < attempts {
                let _dropped = dropped;
                return std::future::pending().await;
            }
            dropped.disarm();
            Ok(receipt(request.into_inner()))
        }
    });
    (script, sights)
}

fn after(millis: u64) -> HedgingPolicy {
    HedgingPolicy::new().delay(Duration::from_millis(millis))
}

#[tokio::test]
async fn a_hedge_answers_where_the_first_attempt_hangs_which_is_cancelled() {
    let world = World::with_partitions(1);
    let (script, mut sights) = stuck(1);
    let _server = world.desk(script).await;
    let mut desk = client(&world, hedging(after(50))).await;
    let begun = Instant::now();
    let response = desk.ask(Order::number(7)).await.unwrap();
    assert_eq!(response.get_ref().number, 7);
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    let mut seen = Vec::new();
    while seen.len() < 3 {
        seen.push(sights.next("the loser is dropped").await);
    }
    assert_eq!(seen, [Running(0), Running(1), Dropped(0)]);
}

#[tokio::test]
async fn a_hedge_goes_to_another_partition() {
    let world = World::with_partitions(4);
    let mut desk = client(&world, hedging(after(20))).await;
    let mut requests = Foreign::new(world.cluster()).read(&world.name("tests.v1.Desk.Ask"));
    let mut call = Box::pin(desk.ask(Order::number(1)));
    let both = async { (requests.next().await, requests.next().await) };
    let (one, other) = tokio::select! {
        both = both => both,
        outcome = &mut call => panic!("there is no server: {outcome:?}"),
    };
    assert_ne!(one.partition, other.partition);
}

#[tokio::test]
async fn a_quick_call_is_not_hedged() {
    let world = World::with_partitions(1);
    let (script, mut sights) = stuck(0);
    let _server = world.desk(script).await;
    let mut desk = client(&world, hedging(after(2_000))).await;
    for number in 0..5 {
        desk.ask(Order::number(number)).await.unwrap();
    }
    assert_eq!(sights.so_far(), [Running(0); 5]);
}

#[tokio::test]
async fn all_attempts_are_cancelled_with_their_call() {
    let world = World::with_partitions(1);
    let (script, mut sights) = stuck(9);
    let _server = world.desk(script).await;
    let mut desk = client(&world, hedging(after(20).attempts(3))).await;
    let call = tokio::spawn(async move { desk.ask(Order::number(1)).await });
    let running = sights.sorted(3, "all attempts run").await;
    assert_eq!(running, [Running(0), Running(1), Running(2)]);
    call.abort();
    let dropped = sights.sorted(3, "all are dropped").await;
    assert_eq!(dropped, [Dropped(0), Dropped(1), Dropped(2)]);
}

#[tokio::test]
async fn a_failure_that_is_listed_has_the_next_attempt_made_at_once() {
    let world = World::with_partitions(1);
    let script = Scripted::new(|request: Request<Order>| async move {
        match previous(&request) {
            0 => Err(Status::unavailable("not now")),
            _ => Ok(receipt(request.into_inner())),
        }
    });
    let _server = world.desk(script).await;
    let mut desk = client(&world, hedging(after(10_000))).await;
    let begun = Instant::now();
    desk.ask(Order::number(1)).await.unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn a_failure_that_is_not_listed_ends_the_call_and_the_other_attempts() {
    let world = World::with_partitions(1);
    let (seen, mut sights) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        let attempt = previous(&request);
        let dropped = seen.on_drop(Dropped(attempt));
        async move {
            if attempt == 0 {
                let _dropped = dropped;
                return std::future::pending().await;
            }
            dropped.disarm();
            Err(Status::not_found("no such order"))
        }
    });
    let _server = world.desk(script).await;
    let mut desk = client(&world, hedging(after(20))).await;
    let status = desk.ask(Order::number(1)).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    assert_eq!(sights.next("the other is dropped").await, Dropped(0));
}

#[tokio::test]
async fn hedged_calls_end_by_their_deadline() {
    let world = World::with_partitions(1);
    let (script, _sights) = stuck(9);
    let _server = world.desk(script).await;
    let mut desk = client(&world, hedging(after(20).attempts(3))).await;
    let mut request = Request::new(Order::number(1));
    request.set_timeout(Duration::from_millis(300));
    let begun = Instant::now();
    let status = desk.ask(request).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    let took = begun.elapsed();
    assert!(
        took >= Duration::from_millis(300) && took < Duration::from_secs(2),
        "{took:?}"
    );
}

#[tokio::test]
async fn a_call_with_a_key_is_not_hedged() {
    let world = World::with_partitions(1);
    let (seen, mut sights) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        seen.tell(Running(previous(&request)));
        async move {
            tokio::time::sleep(Duration::from_millis(200)).await;
            Ok(receipt(request.into_inner()))
        }
    });
    let _server = world.desk(script).await;
    let mut desk = client(&world, hedging(after(20))).await;
    let mut request = Request::new(Order::number(1));
    request.set_key("ada");
    desk.ask(request).await.unwrap();
    assert_eq!(sights.so_far(), [Running(0)]);
}

#[tokio::test]
async fn the_budget_holds_hedges_back() {
    let world = World::with_partitions(1);
    let (seen, mut sights) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        let (attempt, number) = (previous(&request), request.get_ref().number);
        seen.tell(Running(attempt));
        async move {
            if number == 0 {
                return Err(Status::unavailable("not now"));
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
            Ok(receipt(request.into_inner()))
        }
    });
    let _server = world.desk(script).await;
    let settings = hedging(after(20)).retry_budget(RetryBudget::new(3, 0.5));
    let mut desk = client(&world, settings).await;
    // 2 of 3 tokens are left after the first failure, 1 after the second.
    desk.ask(Order::number(0)).await.unwrap_err();
    assert_eq!(sights.so_far(), [Running(0), Running(1)]);
    desk.ask(Order::number(1)).await.unwrap();
    assert_eq!(sights.so_far(), [Running(0)]);
}

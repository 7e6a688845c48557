//! A server handles calls again that fail for a moment.

use std::time::Duration;

use kafka_rpc::{Code, Error, Redelivery, Request, Status};
use kafka_rpc_tests::foreign::Foreign;
use kafka_rpc_tests::service::{Order, Scripted, receipt};
use kafka_rpc_tests::world::{World, desk};
use kafka_rpc_tests::{Sightings, sent, sightings, soon};
use tokio::time::Instant;

const PLACE: &str = "tests.v1.Desk/Place";

/// Account, number and attempt.
type Sight = (String, u32, u32);

/// Fails the orders of account `away` until this attempt; tells of all attempts.
fn away_until(attempt: u32) -> (Scripted, Sightings<Sight>) {
    let (seen, attempts) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        let order = request.get_ref();
        seen.tell((order.account.clone(), order.number, request.attempt()));
        let fails = order.account == "away" && request.attempt() < attempt;
        async move {
            match fails {
                true => Err(Status::unavailable("the bank is away")),
                false => Ok(receipt(request.into_inner())),
            }
        }
    });
    (script, attempts)
}

fn sight(account: &str, number: u32, attempt: u32) -> Sight {
    (account.to_owned(), number, attempt)
}

fn pauses(pause: Duration) -> Redelivery {
    Redelivery::new()
        .initial_backoff(pause)
        .multiplier(1.0)
        .jitter(0.0)
}

#[tokio::test]
async fn while_a_call_waits_for_its_next_attempt_its_key_waits_and_nobody_else_does() {
    let world = World::with_partitions(1);
    let (script, mut attempts) = away_until(2);
    let pause = Duration::from_millis(400);
    let builder = desk(script)
        .concurrency_limit(1)
        .redelivery(PLACE, pauses(pause));
    let _server = world.serve(builder).await;
    let client = world.client().await;
    let begun = Instant::now();
    let (mut first, mut second, mut other) = (client.clone(), client.clone(), client);
    let mut first = Box::pin(first.place(Order::of("away", 1)));
    sent(&mut first).await;
    let mut second = Box::pin(second.place(Order::of("away", 2)));
    sent(&mut second).await;
    let mut calls = 0;
    while begun.elapsed() < pause / 2 {
        other.place(Order::of("here", calls)).await.unwrap();
        calls += 1;
    }
    assert!(calls > 1, "the others are handled meanwhile");
    assert_eq!(first.await.unwrap().get_ref().number, 1);
    assert!(begun.elapsed() >= pause);
    assert_eq!(second.await.unwrap().get_ref().number, 2);
    let of_key = attempts
        .so_far()
        .into_iter()
        .filter(|(account, ..)| account == "away");
    let expected = [
        sight("away", 1, 1),
        sight("away", 1, 2),
        sight("away", 2, 1),
        sight("away", 2, 2),
    ];
    assert_eq!(of_key.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_cancel_ends_a_call_that_waits_for_its_next_attempt() {
    let world = World::with_partitions(1);
    let (script, mut attempts) = away_until(9);
    let builder = desk(script).redelivery(PLACE, pauses(Duration::from_secs(10)));
    let _server = world.serve(builder).await;
    let mut client = world.client().await;
    let mut call = Box::pin(client.place(Order::of("away", 1)));
    sent(&mut call).await;
    tokio::select! {
        sight = attempts.next("it is tried") => assert_eq!(sight.2, 1),
        outcome = &mut call => panic!("it is over: {outcome:?}"),
    }
    drop(call);
    // Its cancel lies behind it, and both are finished.
    let group = Foreign::new(world.cluster()).group(&world.name("tests.v1.Desk"));
    let topic = world.name("tests.v1.Desk.Place");
    group
        .reaches(&topic, 0, "it is finished", |at| at.offset == 2)
        .await;
    assert_eq!(attempts.so_far(), []);
}

#[tokio::test]
async fn the_callers_deadline_bounds_the_attempts_and_the_last_status_is_there_before_it() {
    let world = World::with_partitions(1);
    let (script, mut attempts) = away_until(u32::MAX);
    let policy = pauses(Duration::from_millis(150)).attempts(1_000);
    let _server = world.serve(desk(script).redelivery(PLACE, policy)).await;
    let mut client = world.client().await;
    let mut request = Request::new(Order::of("away", 1));
    request.set_timeout(Duration::from_millis(800));
    let status = client.place(request).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    let tried = attempts.so_far().len();
    assert!((2..=6).contains(&tried), "{tried} attempts");
    let letters = world.name("tests.v1.Desk.Place.dead-letter");
    let letter = Foreign::new(world.cluster()).read(&letters).next().await;
    assert_eq!(letter.text("rpc-dead-letter-attempts"), tried.to_string());
}

#[tokio::test]
async fn a_server_that_ends_leaves_calls_that_wait_for_their_next_attempt_to_the_next_one() {
    let world = World::with_partitions(1);
    let (script, mut attempts) = away_until(2);
    let policy = pauses(Duration::from_secs(60));
    let server = world.serve(desk(script).redelivery(PLACE, policy)).await;
    let mut client = world.client().await;
    let mut call = Box::pin(client.place(Order::of("away", 1)));
    sent(&mut call).await;
    tokio::select! {
        sight = attempts.next("it is tried") => assert_eq!(sight.2, 1),
        outcome = &mut call => panic!("it is over: {outcome:?}"),
    }
    server.shutdown().await;
    let (script, mut attempts) = away_until(1);
    let _next = world.desk(script).await;
    assert_eq!(
        soon("it is answered", call).await.unwrap().get_ref().number,
        1
    );
    assert_eq!(attempts.so_far(), [sight("away", 1, 1)], "it begins anew");
}

#[tokio::test]
async fn a_policy_for_a_method_that_can_not_have_one_keeps_the_server_from_starting() {
    let world = World::embedded();
    let builder = desk(Scripted::echo()).redelivery("tests.v1.Desk/Pay", Redelivery::new());
    let error = soon("it ends", builder.serve(world.cluster()))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Config(why) if why.contains("AT_MOST_ONCE")),
        "{error}"
    );
}

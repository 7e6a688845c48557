//! How streams end before they are complete.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use kafka_rpc::{Channel, Code, IntoRequest as _, Request, Server};
use kafka_rpc_tests::relay::{Ask, Number, RelayClient};
use kafka_rpc_tests::world::World;
use kafka_rpc_tests::{soon, until};
use tokio::time::Instant;

use super::{all_dropped, ask, client, relay, relay_as, slowly};

const OFTEN: Duration = Duration::from_millis(10);

#[tokio::test]
async fn who_drops_a_stream_cancels_its_handler() {
    let world = World::embedded();
    let (_server, seen) = relay(&world).await;
    let mut relay = client(&world).await;
    let mut numbers = relay
        .count(slowly(1_000_000, OFTEN))
        .await
        .unwrap()
        .into_inner();
    soon("one comes", numbers.message()).await.unwrap();
    drop(numbers);
    all_dropped(&seen).await;
}

#[tokio::test]
async fn who_drops_a_call_before_its_stream_begins_cancels_it() {
    let world = World::embedded();
    let (_server, seen) = relay(&world).await;
    let mut relay = client(&world).await;
    let late = Ask {
        delay_millis: 60_000,
        ..ask(1)
    };
    let call = tokio::spawn(async move { relay.count(late).await.map(drop) });
    until("the handler runs", || {
        seen.alive.load(Ordering::SeqCst) == 1
    })
    .await;
    call.abort();
    all_dropped(&seen).await;
}

#[tokio::test]
async fn who_drops_both_ends_of_a_two_way_stream_cancels_it() {
    let world = World::embedded();
    let (_server, seen) = relay(&world).await;
    let mut relay = client(&world).await;
    let answers = relay.double(stream::pending::<Number>()).await.unwrap();
    assert_eq!(seen.alive.load(Ordering::SeqCst), 1);
    drop(answers);
    all_dropped(&seen).await;
}

#[tokio::test]
async fn a_stream_ends_at_its_deadline_at_both_sides() {
    let world = World::embedded();
    let (_server, seen) = relay(&world).await;
    let mut relay = client(&world).await;
    let mut request = slowly(1_000_000, OFTEN).into_request();
    request.set_timeout(Duration::from_millis(700));
    let begun = Instant::now();
    let mut numbers = relay.count(request).await.unwrap().into_inner();
    let status = loop {
        match soon("the stream ends", numbers.message()).await {
            Ok(number) => assert!(number.is_some()),
            Err(status) => break status,
        }
    };
    let after = begun.elapsed();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(
        (Duration::from_millis(690)..Duration::from_millis(1500)).contains(&after),
        "{after:?}"
    );
    all_dropped(&seen).await;
}

#[tokio::test]
async fn a_stream_that_has_not_begun_ends_at_its_deadline() {
    let world = World::embedded();
    let (_server, seen) = relay(&world).await;
    let mut relay = client(&world).await;
    let mut request = Request::new(stream::pending::<Number>());
    request.set_timeout(Duration::from_millis(500));
    let status = soon("the call ends", relay.sum(request)).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    all_dropped(&seen).await;
}

#[tokio::test]
async fn a_quiet_stream_lives_on_for_both_sides_say_that_they_are_there() {
    let world = World::embedded();
    let seconds = Duration::from_secs(5);
    let builder = Server::builder().stream_timeout(seconds);
    let (_server, seen) = relay_as(&world, builder).await;
    let channel = world
        .connect(Channel::builder().stream_timeout(seconds))
        .await;
    let mut relay = RelayClient::new(channel);
    let quiet = slowly(2, Duration::from_secs(6));
    let numbers = relay.count(quiet).await.unwrap().into_inner();
    let values: Vec<_> = numbers.map(|number| number.unwrap().value).collect().await;
    assert_eq!(values, [1, 2]);
    all_dropped(&seen).await;
}

#[tokio::test]
async fn a_server_that_ends_tells_its_callers() {
    let world = World::embedded();
    let builder = Server::builder().drain_time(Duration::from_millis(300));
    let (server, seen) = relay_as(&world, builder).await;
    let mut relay = client(&world).await;
    let endless = slowly(1_000_000, OFTEN);
    let mut numbers = relay.count(endless).await.unwrap().into_inner();
    soon("one comes", numbers.message()).await.unwrap();
    let ended = tokio::spawn(server.shutdown());
    let status = loop {
        if let Err(status) = soon("the stream ends", numbers.message()).await {
            break status;
        }
    };
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    ended.await.unwrap();
    all_dropped(&seen).await;
}

#[tokio::test]
async fn a_server_that_ends_lets_short_streams_end() {
    let world = World::embedded();
    let (server, _) = relay(&world).await;
    let mut relay = client(&world).await;
    let short = slowly(100, OFTEN);
    let mut numbers = relay.count(short).await.unwrap().into_inner();
    soon("one comes", numbers.message()).await.unwrap();
    let ended = tokio::spawn(server.shutdown());
    let rest: Vec<_> = numbers.map(|number| number.unwrap().value).collect().await;
    assert_eq!(rest, (2..=100).collect::<Vec<_>>());
    ended.await.unwrap();
}

#[tokio::test]
async fn a_stream_that_waits_for_its_turn_begins_at_the_next_server_with_all_of_its_messages() {
    let world = World::with_partitions(1);
    let builder = || {
        Server::builder()
            .concurrency_limit(1)
            .drain_time(Duration::from_millis(200))
    };
    let (server, seen) = relay_as(&world, builder()).await;
    let relay = client(&world).await;
    let held = {
        let mut relay = relay.clone();
        tokio::spawn(async move { relay.hold(ask(1)).await })
    };
    until("the only handler is taken", || {
        seen.alive.load(Ordering::SeqCst) == 1
    })
    .await;
    let sum = {
        let mut relay = relay.clone();
        tokio::spawn(async move { relay.sum(stream::iter((1..=3).map(Number::new))).await })
    };
    tokio::time::sleep(Duration::from_millis(500)).await;
    // The caller of the one that runs gives up, so that it is not handled again.
    held.abort();
    server.shutdown().await;
    assert_eq!(seen.begun.load(Ordering::SeqCst), 1, "it has not begun");

    let (_next, _) = relay_as(&world, builder()).await;
    let sum = soon("the sum comes", sum).await.unwrap().unwrap();
    assert_eq!(sum.get_ref().value, 6);
}

#[tokio::test]
async fn a_resumable_stream_goes_on_at_the_next_server_without_gap_or_repeat() {
    let world = World::with_partitions(1);
    let (server, first) = relay(&world).await;
    let mut relay = client(&world).await;
    let request = slowly(300, OFTEN);
    let mut numbers = relay.resume(request).await.unwrap().into_inner();
    let mut values = Vec::new();
    for _ in 0..20 {
        let number = soon("a number", numbers.message()).await.unwrap();
        values.push(number.unwrap().value);
    }
    let handover = async {
        server.shutdown().await;
        super::relay(&world).await
    };
    let (handed, rest) = tokio::join!(handover, numbers.collect::<Vec<_>>());
    values.extend(rest.into_iter().map(|number| number.unwrap().value));
    assert_eq!(values, (1..=300).collect::<Vec<_>>());
    all_dropped(&first).await;
    assert!(handed.1.begun.load(Ordering::SeqCst) >= 1, "it was resumed");
}

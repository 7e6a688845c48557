//! Flow control: who does not read, stops who writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use kafka_rpc::{Channel, Server};
use kafka_rpc_tests::relay::{Ask, Number, RelayClient};
use kafka_rpc_tests::world::World;
use kafka_rpc_tests::{soon, until};
use tokio::time::sleep;

use super::{all_dropped, ask, client, relay, relay_as};

#[tokio::test]
async fn a_long_stream_comes_whole_and_in_order() {
    let world = World::embedded();
    let (_server, seen) = relay(&world).await;
    let mut numbers = client(&world)
        .await
        .count(ask(100_000))
        .await
        .unwrap()
        .into_inner();
    let mut expected = 0;
    while let Some(number) = soon("a number", numbers.message()).await.unwrap() {
        expected += 1;
        assert_eq!(number.value, expected);
    }
    assert_eq!(expected, 100_000);
    all_dropped(&seen).await;
}

#[tokio::test]
async fn a_reader_that_stops_stops_its_server_at_the_window() {
    let world = World::embedded();
    let (_server, seen) = relay(&world).await;
    let channel = world
        .connect(Channel::builder().stream_window(1000, 1 << 20))
        .await;
    let mut relay = RelayClient::new(channel);
    let mut numbers = relay.count(ask(50_000)).await.unwrap().into_inner();
    soon("one comes", numbers.message()).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    let sent = seen.sent.load(Ordering::SeqCst);
    assert!(sent <= 2 * 1000 + 1, "{sent} messages to a reader of one");
    let rest = numbers.map(|number| number.unwrap().value);
    let rest: Vec<_> = soon("the rest comes", rest.collect()).await;
    assert_eq!(rest, (2..=50_000).collect::<Vec<_>>());
}

#[tokio::test]
async fn large_messages_stop_at_the_windows_bytes() {
    let world = World::embedded();
    let (_server, seen) = relay(&world).await;
    let channel = world
        .connect(Channel::builder().stream_window(10_000, 1 << 20))
        .await;
    let large = Ask {
        padding: 100_000,
        ..ask(200)
    };
    let mut relay = RelayClient::new(channel);
    let mut numbers = relay.count(large).await.unwrap().into_inner();
    soon("one comes", numbers.message()).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    let sent = seen.sent.load(Ordering::SeqCst);
    assert!(sent <= 2 * 11 + 1, "{sent} messages of 100 kB for 1 MiB");
    let rest: Vec<_> = soon("the rest comes", numbers.collect()).await;
    assert_eq!(rest.len(), 199);
}

#[tokio::test]
async fn a_handler_that_does_not_read_stops_its_caller_at_what_everybody_may_send() {
    let world = World::embedded();
    let (_server, seen) = relay(&world).await;
    let asked = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&asked);
    let numbers = stream::iter(0..10_000).map(move |value| {
        count.fetch_add(1, Ordering::SeqCst);
        Number::new(value)
    });
    let mut relay = client(&world).await;
    let call = tokio::spawn(async move { relay.ignore(numbers).await });
    until("the caller has sent what it may", || {
        asked.load(Ordering::SeqCst) >= 64
    })
    .await;
    sleep(Duration::from_millis(500)).await;
    assert_eq!(asked.load(Ordering::SeqCst), 64);
    call.abort();
    all_dropped(&seen).await;
}

#[tokio::test]
async fn a_caller_gets_ahead_of_its_handler_by_the_servers_window() {
    let world = World::embedded();
    let builder = Server::builder().stream_window(300, 1 << 20);
    let (_server, _) = relay_as(&world, builder).await;
    let mut relay = client(&world).await;
    let numbers = stream::iter((1..=20_000).map(Number::new));
    let sum = soon("the sum comes", relay.sum(numbers)).await.unwrap();
    assert_eq!(sum.get_ref().value, 200_010_000);
}

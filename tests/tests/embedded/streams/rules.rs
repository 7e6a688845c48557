//! What is not as it should be: at the one side, at the other, and on the way.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::stream;
use kafka_rpc::{Channel, Code, Server};
use kafka_rpc_tests::relay::{Number, RelayClient};
use kafka_rpc_tests::soon;
use kafka_rpc_tests::world::World;

use super::{all_dropped, ask, client, relay, relay_as, slowly};

#[tokio::test]
async fn a_channel_opens_no_more_streams_than_its_limit() {
    let world = World::embedded();
    let (_server, _) = relay(&world).await;
    let channel = world.connect(Channel::builder().stream_limit(2)).await;
    let mut relay = RelayClient::new(channel);
    let endless = slowly(1_000_000, Duration::from_millis(10));
    let first = relay.count(endless.clone()).await.unwrap();
    let _second = relay.count(endless.clone()).await.unwrap();
    let status = relay.count(endless.clone()).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.message().contains("2 streams"), "{status}");
    drop(first);
    soon("there is room again", relay.count(endless))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_server_opens_no_more_streams_in_a_partition_than_its_limit() {
    let world = World::with_partitions(1);
    let (_server, seen) = relay_as(&world, Server::builder().stream_limit(2)).await;
    let mut relay = client(&world).await;
    let endless = slowly(1_000_000, Duration::from_millis(10));
    let first = relay.count(endless.clone()).await.unwrap();
    let second = relay.count(endless.clone()).await.unwrap();
    let status = soon("it is refused", relay.count(endless.clone()))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    drop((first, second));
    all_dropped(&seen).await;
    soon("there is room again", relay.count(ask(1)))
        .await
        .unwrap();
}

#[tokio::test]
async fn ten_thousand_streams_that_are_left_leave_nothing_behind() {
    let world = World::with_partitions(2);
    let builder = Server::builder().stream_limit(20_000);
    let (_server, seen) = relay_as(&world, builder).await;
    let channel = world.connect(Channel::builder().stream_limit(20_000)).await;
    let relay = RelayClient::new(channel);
    let mut left = Vec::new();
    for _ in 0..100 {
        let hundred = (0..100).map(|_| {
            let mut relay = relay.clone();
            async move { relay.double(stream::pending::<Number>()).await.unwrap() }
        });
        let hundred = futures_util::future::join_all(hundred);
        left.extend(soon("a hundred begin", hundred).await);
    }
    assert_eq!(left.len(), 10_000);
    assert_eq!(seen.alive.load(Ordering::SeqCst), 10_000);
    drop(left);
    all_dropped(&seen).await;
    let mut relay = relay.clone();
    soon("all goes on", relay.count(ask(1))).await.unwrap();
}

#[tokio::test]
async fn a_message_over_the_channels_limit_ends_the_stream_and_its_handler() {
    let world = World::embedded();
    let (_server, seen) = relay(&world).await;
    let channel = world.connect(Channel::builder().message_limit(1000)).await;
    let mut relay = RelayClient::new(channel);
    let large = kafka_rpc_tests::relay::Ask {
        padding: 5000,
        ..slowly(1_000_000, Duration::from_millis(50))
    };
    let mut numbers = relay.count(large).await.unwrap().into_inner();
    let status = soon("it ends", numbers.message()).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    let ended = tokio::time::Instant::now();
    all_dropped(&seen).await;
    // Long before it would take its caller for gone.
    assert!(ended.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn streams_without_a_key_spread_over_all_partitions() {
    let world = World::with_partitions(4);
    let (_server, seen) = relay(&world).await;
    let mut relay = client(&world).await;
    for _ in 0..8 {
        soon("it begins", relay.count(ask(1))).await.unwrap();
    }
    let partitions = seen.partitions.lock().unwrap().clone();
    assert_eq!(partitions, (0..4).collect());
}

#[tokio::test]
async fn a_message_over_the_limit_ends_the_stream() {
    let world = World::embedded();
    let (_server, seen) = relay_as(&world, Server::builder().message_limit(1000)).await;
    let large = || Number {
        padding: vec![0; 2000],
        ..Number::new(1)
    };
    let mut relay = client(&world).await;
    let numbers = stream::iter([Number::new(1), large()]);
    let status = soon("the server refuses it", relay.sum(numbers))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");

    let channel = world.connect(Channel::builder().message_limit(1000)).await;
    let mut relay = RelayClient::new(channel);
    let numbers = stream::iter([Number::new(1), large()]);
    let status = soon("the channel refuses it", relay.sum(numbers))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    all_dropped(&seen).await;
}

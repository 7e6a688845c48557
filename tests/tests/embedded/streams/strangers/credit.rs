//! Messages without credit, credit that is out of the ordinary, and callers that say nothing.

use std::sync::atomic::Ordering;
use std::time::Duration;

use kafka_rpc::{Code, Server};
use kafka_rpc_tests::relay::Ask;
use kafka_rpc_tests::until;
use tokio::time::{Instant, sleep};

use super::Stranger;
use crate::streams::{all_dropped, ask};

#[tokio::test]
async fn more_messages_than_the_credit_are_refused() {
    let mut stranger = Stranger::at("Ignore").await;
    stranger.begin("floods").await;
    for number in 1..=65 {
        stranger.write(stranger.message("floods", number)).await;
    }
    stranger
        .is_refused("floods", Code::ResourceExhausted, "message 65")
        .await;
    all_dropped(&stranger.seen).await;
}

#[tokio::test]
async fn more_bytes_than_the_credit_are_refused_but_for_the_last_message() {
    let mut stranger = Stranger::at("Ignore").await;
    stranger.begin("floods").await;
    for number in 1..=3 {
        let message = stranger.numbered("floods", "message", number);
        stranger.write(message.value(vec![0; 40_000])).await;
    }
    stranger
        .is_refused("floods", Code::ResourceExhausted, "message 3")
        .await;
    all_dropped(&stranger.seen).await;
}

#[tokio::test]
async fn credit_only_grows_up_to_the_largest_number() {
    let mut stranger = Stranger::at("Count").await;
    let request = stranger.addressed("greedy").message(&ask(5));
    stranger.write(request.header("rpc-credit", "0 0")).await;
    stranger.hears_frame("greedy", "response").await;
    let credit = |credit: &str| {
        stranger
            .frame("greedy", "credit")
            .header("rpc-credit", credit)
    };
    let most = 1_u64 << 63;
    let credits = [
        credit("2 1000"),
        credit("0 0"),
        credit(&format!("{most} {most}")),
    ];
    let [some, none, all] = credits;
    stranger.write(some).await;
    for _ in 1..=2 {
        stranger.hears_frame("greedy", "message").await;
    }
    stranger.write(none).await;
    stranger.write(all).await;
    for _ in 3..=5 {
        stranger.hears_frame("greedy", "message").await;
    }
    let status = stranger.hears_frame("greedy", "status").await;
    assert_eq!(status.text("rpc-seq"), "6");
}

#[tokio::test]
async fn a_caller_that_gives_no_credit_and_is_silent_gets_64_messages_and_is_gone() {
    let timeout = Duration::from_secs(5);
    let builder = Server::builder().stream_timeout(timeout);
    let mut stranger = Stranger::with("Count", builder).await;
    let begun = Instant::now();
    stranger.ask("silent", &ask(10_000)).await;
    stranger.hears_frame("silent", "response").await;
    for number in 1..=64 {
        let message = stranger.hears_frame("silent", "message").await;
        assert_eq!(message.text("rpc-seq"), number.to_string());
    }
    sleep(Duration::from_secs(1)).await;
    let sent = stranger.seen.sent.load(Ordering::SeqCst);
    assert!((64..=65).contains(&sent), "{sent} messages were asked for");
    assert_eq!(stranger.seen.alive.load(Ordering::SeqCst), 1);
    all_dropped(&stranger.seen).await;
    let after = begun.elapsed();
    let expected = timeout..timeout + Duration::from_secs(2);
    assert!(expected.contains(&after), "{after:?}");
    // Nobody is told who is not there, and the next caller is served.
    stranger.ask("next", &ask(0)).await;
    stranger.hears_frame("next", "response").await;
}

#[tokio::test]
async fn a_silent_caller_of_a_stream_that_has_not_answered_is_gone_too() {
    let builder = Server::builder().stream_timeout(Duration::from_secs(5));
    let stranger = Stranger::with("Count", builder).await;
    let late = Ask {
        delay_millis: 60_000,
        ..ask(1)
    };
    stranger.ask("silent", &late).await;
    until("the handler runs", || {
        stranger.seen.alive.load(Ordering::SeqCst) == 1
    })
    .await;
    all_dropped(&stranger.seen).await;
}

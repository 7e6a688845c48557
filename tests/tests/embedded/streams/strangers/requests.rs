//! Requests that begin no stream.

use std::sync::atomic::Ordering;

use kafka_rpc::Code;
use kafka_rpc_tests::relay::Number;

use super::Stranger;
use crate::streams::ask;

#[tokio::test]
async fn a_request_whose_stream_headers_can_not_be_read_begins_nothing() {
    let mut stranger = Stranger::at("Resume").await;
    for (name, value) in [
        ("rpc-credit", "many"),
        ("rpc-credit", "1 9223372036854775809"),
        ("rpc-resume", "-1"),
        ("rpc-resume", ""),
    ] {
        let request = stranger.addressed("bad").message(&ask(1));
        stranger.write(request.header(name, value)).await;
        let says = format!("`{name}`");
        stranger
            .is_refused("bad", Code::InvalidArgument, &says)
            .await;
    }
    assert_eq!(stranger.seen.begun.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_request_with_a_message_is_refused_where_messages_come_in_frames() {
    let mut stranger = Stranger::at("Sum").await;
    let request = stranger.addressed("bad").message(&Number::new(1));
    stranger.write(request).await;
    stranger
        .is_refused("bad", Code::InvalidArgument, "its request has no message")
        .await;
    assert_eq!(stranger.seen.begun.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_request_that_is_no_message_of_the_method_begins_nothing() {
    let mut stranger = Stranger::at("Count").await;
    stranger
        .write(stranger.addressed("bad").value([0xff, 0xff]))
        .await;
    stranger
        .is_refused("bad", Code::InvalidArgument, "the request is not a valid")
        .await;
    assert_eq!(stranger.seen.begun.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_stream_that_nobody_waits_for_is_stepped_past() {
    let mut stranger = Stranger::at("Count").await;
    stranger
        .write(stranger.record("nowhere").message(&ask(1)))
        .await;
    stranger.ask("good", &ask(0)).await;
    stranger.hears_frame("good", "response").await;
    stranger.hears_frame("good", "status").await;
    assert_eq!(stranger.seen.begun.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_stream_in_json_is_unimplemented() {
    let mut stranger = Stranger::at("Count").await;
    let request = stranger
        .addressed("json")
        .header("content-type", "application/json");
    stranger.write(request.value("{}")).await;
    stranger
        .is_refused("json", Code::Unimplemented, "application/protobuf")
        .await;
    assert_eq!(stranger.seen.begun.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_stream_with_the_id_of_an_open_one_is_refused() {
    let mut stranger = Stranger::at("Sum").await;
    stranger.begin("twin").await;
    stranger.begin("twin").await;
    stranger
        .is_refused("twin", Code::InvalidArgument, "correlation id is open")
        .await;
    stranger
        .write(stranger.numbered("twin", "half-close", 1))
        .await;
    stranger.is_answered("twin", 0).await;
    assert_eq!(stranger.seen.begun.load(Ordering::SeqCst), 1);
}

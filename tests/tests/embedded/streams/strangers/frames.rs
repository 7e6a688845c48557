//! Frames that are not what they should be, or for calls that are not there.

use std::sync::atomic::Ordering;
use std::time::Duration;

use kafka_rpc::Code;
use kafka_rpc_tests::foreign::{Foreign, Record};
use kafka_rpc_tests::service::{Order, Receipt, Scripted};
use kafka_rpc_tests::world::World;

use super::Stranger;
use crate::streams::{all_dropped, ask, slowly};

/// A frame with its headers, and what is said of it.
type Bad<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

#[tokio::test]
async fn frames_for_a_call_that_is_not_there_do_nothing() {
    let mut stranger = Stranger::at("Sum").await;
    let frames = [
        stranger.message("unknown", 1),
        stranger.numbered("unknown", "half-close", 1),
        stranger.frame("unknown", "cancel"),
        stranger
            .frame("unknown", "credit")
            .header("rpc-credit", "9 9"),
        stranger.frame("unknown", "message"),
        stranger.frame("unknown", "nonsense"),
    ];
    for frame in frames {
        stranger.write(frame).await;
    }
    stranger.begin("good").await;
    stranger.write(stranger.message("good", 1)).await;
    stranger
        .write(stranger.numbered("good", "half-close", 2))
        .await;
    stranger.is_answered("good", 1).await;
    assert_eq!(stranger.seen.begun.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn frames_behind_the_end_of_a_stream_do_nothing() {
    let mut stranger = Stranger::at("Sum").await;
    for id in ["first", "second"] {
        stranger.begin(id).await;
        stranger.write(stranger.numbered(id, "half-close", 1)).await;
        stranger.is_answered(id, 0).await;
        stranger.write(stranger.message(id, 1)).await;
        stranger.write(stranger.numbered(id, "half-close", 2)).await;
        stranger.write(stranger.frame(id, "cancel")).await;
    }
    assert_eq!(stranger.seen.begun.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn who_gives_credit_to_a_stream_that_is_not_open_is_told_that_it_moved() {
    let mut stranger = Stranger::at("Count").await;
    let credit = |id: &str| {
        stranger
            .addressed(id)
            .header("rpc-frame", "credit")
            .header("rpc-credit", "100 100000")
    };
    let (unknown, ended) = (credit("unknown"), credit("ended"));
    stranger.write(unknown).await;
    stranger.hears_frame("unknown", "moved").await;
    stranger.ask("ended", &ask(0)).await;
    stranger.hears_frame("ended", "response").await;
    stranger.hears_frame("ended", "status").await;
    stranger.write(ended).await;
    stranger.hears_frame("ended", "moved").await;
}

#[tokio::test]
async fn frames_to_a_unary_call_do_it_no_harm() {
    let world = World::with_partitions(1);
    let _server = world.desk(Scripted::echo()).await;
    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Desk.Ask");
    let frame = |frame: &str| {
        Record::to(&topic)
            .header("kafka_correlationId", "unary")
            .header("rpc-frame", frame)
    };
    let seq = |record: Record| record.header("rpc-seq", "1");
    foreign
        .write(Record::request(&topic, "unary", &Order::number(1)))
        .await;
    foreign.write(seq(frame("message"))).await;
    foreign.write(seq(frame("half-close"))).await;
    foreign.write(frame("message")).await;
    foreign
        .write(frame("credit").header("rpc-credit", "1 1"))
        .await;
    foreign
        .write(Record::request(&topic, "next", &Order::number(2)))
        .await;
    let mut replies = foreign.read(&format!("{topic}.reply"));
    for (id, number) in [("unary", 1), ("next", 2)] {
        let reply = replies.next().await;
        assert_eq!(reply.text("kafka_correlationId"), id);
        assert_eq!(reply.decode::<Receipt>().number, number);
    }
}

#[tokio::test]
async fn a_frame_that_can_not_be_read_ends_its_stream() {
    let mut stranger = Stranger::at("Double").await;
    let much = u64::MAX.to_string();
    let frames: [Bad<'_>; 13] = [
        ("credit", &[], "`rpc-credit`"),
        ("credit", &[("rpc-credit", "")], "`rpc-credit`"),
        ("credit", &[("rpc-credit", "100")], "`rpc-credit`"),
        ("credit", &[("rpc-credit", "-1 100")], "`rpc-credit`"),
        (
            "credit",
            &[("rpc-credit", "9223372036854775809 1")],
            "`rpc-credit`",
        ),
        (
            "credit",
            &[("rpc-credit", "1 2"), ("rpc-credit", "1 2")],
            "more than once",
        ),
        ("message", &[], "`rpc-seq`"),
        ("message", &[("rpc-seq", "first")], "`rpc-seq`"),
        ("message", &[("rpc-seq", &much)], "`rpc-seq`"),
        (
            "message",
            &[("rpc-seq", "1"), ("rpc-seq", "1")],
            "more than once",
        ),
        ("half-close", &[], "`rpc-seq`"),
        ("status", &[("rpc-seq", "1")], "`rpc-frame`"),
        ("", &[], "`rpc-frame`"),
    ];
    for (case, (frame, headers, says)) in frames.into_iter().enumerate() {
        let id = format!("case-{case}");
        stranger.begin(&id).await;
        stranger.hears_frame(&id, "response").await;
        let frame = stranger.frame(&id, frame);
        let frame = headers
            .iter()
            .fold(frame, |frame, (name, value)| frame.header(*name, *value));
        stranger.write(frame).await;
        stranger.is_refused(&id, Code::InvalidArgument, says).await;
    }
    all_dropped(&stranger.seen).await;
}

#[tokio::test]
async fn a_frame_with_too_many_headers_ends_its_stream() {
    let mut stranger = Stranger::at("Double").await;
    stranger.begin("wide").await;
    stranger.hears_frame("wide", "response").await;
    let frame = stranger.message("wide", 1);
    let frame = (0..64).fold(frame, |frame, n| frame.header(format!("h{n}"), "v"));
    stranger.write(frame).await;
    stranger
        .is_refused(
            "wide",
            Code::ResourceExhausted,
            "headers are over the limit",
        )
        .await;
    all_dropped(&stranger.seen).await;
}

#[tokio::test]
async fn a_frame_that_is_no_message_of_the_method_fails_where_the_handler_reads_it() {
    let mut stranger = Stranger::at("Sum").await;
    stranger.begin("bad").await;
    let message = stranger.numbered("bad", "message", 1);
    stranger.write(message.value([0xff, 0xff])).await;
    stranger
        .is_refused("bad", Code::InvalidArgument, "is not a valid")
        .await;
    all_dropped(&stranger.seen).await;
}

#[tokio::test]
async fn messages_to_a_method_that_takes_one_end_the_stream() {
    let mut stranger = Stranger::at("Count").await;
    let pause = Duration::from_secs(60);
    stranger.ask("talks", &slowly(2, pause)).await;
    stranger.hears_frame("talks", "response").await;
    stranger.write(stranger.message("talks", 1)).await;
    stranger
        .is_refused("talks", Code::InvalidArgument, "takes one message")
        .await;
    all_dropped(&stranger.seen).await;
}

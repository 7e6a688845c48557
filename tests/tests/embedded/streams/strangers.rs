//! Callers of another make that do not do what the contract says.

use std::sync::atomic::Ordering;
use std::time::Duration;

use kafka_rpc::{Code, Server};
use kafka_rpc_tests::foreign::{Foreign, Record};
use kafka_rpc_tests::relay::{Ask, Number};
use kafka_rpc_tests::service::{Order, Receipt, Scripted};
use kafka_rpc_tests::until;
use kafka_rpc_tests::world::World;
use tokio::time::{Instant, sleep};

use super::stranger::Stranger;
use super::{all_dropped, ask, slowly};

/// Names and values of headers.
type Pairs<'a> = &'a [(&'a str, &'a str)];

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
async fn a_message_behind_a_gap_is_data_loss() {
    let mut stranger = Stranger::at("Sum").await;
    stranger.begin("gap").await;
    for number in [1, 3] {
        stranger.write(stranger.message("gap", number)).await;
    }
    stranger
        .is_refused("gap", Code::DataLoss, "number 3 came after number 1")
        .await;
    all_dropped(&stranger.seen).await;
}

#[tokio::test]
async fn an_end_behind_a_gap_is_data_loss() {
    let mut stranger = Stranger::at("Sum").await;
    stranger.begin("gap").await;
    stranger.write(stranger.message("gap", 1)).await;
    stranger
        .write(stranger.numbered("gap", "half-close", 3))
        .await;
    stranger
        .is_refused("gap", Code::DataLoss, "number 3 came after number 1")
        .await;
    all_dropped(&stranger.seen).await;
}

#[tokio::test]
async fn a_message_that_comes_again_is_dropped() {
    let mut stranger = Stranger::at("Sum").await;
    stranger.begin("again").await;
    for number in [1, 1, 2, 1, 2, 3, 0] {
        stranger.write(stranger.message("again", number)).await;
    }
    for _ in 0..2 {
        stranger
            .write(stranger.numbered("again", "half-close", 4))
            .await;
    }
    stranger.is_answered("again", 6).await;
}

#[tokio::test]
async fn a_frame_that_can_not_be_read_ends_its_stream() {
    let mut stranger = Stranger::at("Double").await;
    let much = u64::MAX.to_string();
    let frames: [(&str, Pairs, &str); 13] = [
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

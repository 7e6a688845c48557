//! What can't be handled, or fails for good, is written to a dead-letter topic.

mod client;

use std::time::Duration;

use kafka_rpc::{Code, Redelivery, Request, ServerBuilder, Status};
use kafka_rpc_tests::foreign::{Foreign, Record, Replies};
use kafka_rpc_tests::service::{Order, Scripted, receipt};
use kafka_rpc_tests::world::{Serving, World, desk};
use kafka_rpc_tests::{Sightings, sightings};

/// A desk with one partition, and the dead letters of `Ask`.
struct Probe {
    world: World,
    foreign: Foreign,
    topic: String,
    letters: Replies,
    server: Serving,
}

impl Probe {
    async fn start(builder: ServerBuilder) -> Self {
        let world = World::with_partitions(1);
        let server = world.serve(builder).await;
        let foreign = Foreign::new(world.cluster());
        let topic = world.name("tests.v1.Desk.Ask");
        Self {
            letters: foreign.read(&format!("{topic}.dead-letter")),
            world,
            foreign,
            topic,
            server,
        }
    }

    /// A request that nobody waits for.
    fn anonymous(&self, order: &Order) -> Record {
        Record::request(&self.topic, "call", order)
            .without("kafka_replyTopic")
            .header("tenant", "north")
    }

    async fn all_is_finished(&self, end: i64) {
        let group = self.foreign.group(&self.world.name("tests.v1.Desk"));
        let what = "all records are finished";
        group
            .reaches(&self.topic, 0, what, |at| at.offset == end)
            .await;
    }
}

fn quick(attempts: u32) -> Redelivery {
    Redelivery::new()
        .attempts(attempts)
        .initial_backoff(Duration::from_millis(5))
}

/// Fails each order with a status, and tells of attempts.
fn failing(status: fn() -> Status) -> (Scripted, Sightings<(u32, u32)>) {
    let (seen, attempts) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        seen.tell((request.get_ref().number, request.attempt()));
        async move { Err(status()) }
    });
    (script, attempts)
}

#[tokio::test]
async fn what_can_not_be_handled_and_has_nobody_to_be_told_is_a_dead_letter_as_it_came() {
    let mut probe = Probe::start(desk(Scripted::echo())).await;
    let bad = probe
        .anonymous(&Order::number(7))
        .header("grpc-timeout", "never")
        .header("tenant", "south");
    probe.foreign.write(bad.clone()).await;
    let letter = probe.letters.next().await;
    assert_eq!((&letter.key, &letter.value), (&bad.key, &bad.value));
    let came = letter.headers.iter().take(bad.headers.len());
    assert!(came.eq(&bad.headers), "{letter:?}");
    assert_eq!(letter.text("rpc-dead-letter-cause"), "refused");
    assert_eq!(letter.text("rpc-dead-letter-code"), "3");
    assert!(
        letter
            .text("rpc-dead-letter-message")
            .contains("grpc-timeout")
    );
    assert_eq!(letter.text("rpc-dead-letter-attempts"), "0");
    assert_eq!(letter.text("rpc-dead-letter-topic"), probe.topic);
    assert_eq!(letter.text("rpc-dead-letter-partition"), "0");
    assert_eq!(letter.text("rpc-dead-letter-offset"), "0");
    assert_ne!(letter.text("rpc-dead-letter-instance"), "");
    assert_ne!(letter.text("rpc-dead-letter-time"), "");
    probe.all_is_finished(1).await;
}

#[tokio::test]
async fn a_failed_request_that_nobody_waits_for_is_a_dead_letter() {
    let (script, mut attempts) = failing(|| Status::not_found("no such account"));
    let mut probe = Probe::start(desk(script)).await;
    probe
        .foreign
        .write(probe.anonymous(&Order::number(7)))
        .await;
    let letter = probe.letters.next().await;
    assert_eq!(letter.decode::<Order>().number, 7);
    assert_eq!(letter.text("tenant"), "north");
    assert_eq!(letter.text("rpc-dead-letter-cause"), "failed");
    assert_eq!(letter.text("rpc-dead-letter-code"), "5");
    assert_eq!(letter.text("rpc-dead-letter-message"), "no such account");
    assert_eq!(letter.text("rpc-dead-letter-attempts"), "1");
    assert_eq!(attempts.so_far(), [(7, 1)]);
    probe.all_is_finished(1).await;
}

#[tokio::test]
async fn a_request_that_nobody_waits_for_and_that_comes_too_late_is_a_dead_letter() {
    let mut probe = Probe::start(desk(Scripted::echo())).await;
    let late = probe
        .anonymous(&Order::number(7))
        .header("grpc-timeout", "1S")
        .timestamp(1_000_000_000_000);
    probe.foreign.write(late).await;
    let letter = probe.letters.next().await;
    assert_eq!(letter.text("rpc-dead-letter-cause"), "expired");
    assert_eq!(letter.text("rpc-dead-letter-code"), "4");
    assert_eq!(letter.text("rpc-dead-letter-timestamp"), "1000000000000");
    probe.all_is_finished(1).await;
}

#[tokio::test]
async fn a_call_that_fails_at_all_attempts_is_a_dead_letter_and_its_caller_gets_the_last_status() {
    let (script, mut attempts) = failing(|| Status::unavailable("the bank is away"));
    let builder = desk(script).redelivery("tests.v1.Desk/Ask", quick(3));
    let mut probe = Probe::start(builder).await;
    let mut client = probe.world.client().await;
    let status = client.ask(Order::number(7)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(status.message(), "the bank is away");
    assert_eq!(attempts.so_far(), [(7, 1), (7, 2), (7, 3)]);
    let letter = probe.letters.next().await;
    assert_eq!(letter.decode::<Order>().number, 7);
    assert_eq!(letter.text("rpc-dead-letter-cause"), "failed");
    assert_eq!(letter.text("rpc-dead-letter-attempts"), "3");
    probe.all_is_finished(1).await;
    probe.server.shutdown().await;
}

#[tokio::test]
async fn a_failure_that_passes_is_handled_again_and_no_dead_letter() {
    let script = Scripted::new(|request: Request<Order>| async move {
        match request.attempt() {
            1 | 2 => Err(Status::unavailable("not yet")),
            _ => Ok(receipt(request.into_inner())),
        }
    });
    let builder = desk(script).redelivery("tests.v1.Desk", quick(3));
    let mut probe = Probe::start(builder).await;
    let mut client = probe.world.client().await;
    let response = client.ask(Order::number(7)).await.unwrap();
    assert_eq!(response.get_ref().number, 7);
    probe.all_is_finished(1).await;
    assert_eq!(probe.letters.so_far(), []);
}

#[tokio::test]
async fn without_dead_letters_what_can_not_be_handled_is_stepped_past() {
    let world = World::with_partitions(1);
    let _server = world
        .serve(desk(Scripted::echo()).dead_letters(false))
        .await;
    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Desk.Ask");
    let bad = Record::request(&topic, "call", &Order::number(7))
        .without("kafka_replyTopic")
        .header("grpc-timeout", "never");
    foreign.write(bad).await;
    let group = foreign.group(&world.name("tests.v1.Desk"));
    group
        .reaches(&topic, 0, "it is finished", |at| at.offset == 1)
        .await;
}

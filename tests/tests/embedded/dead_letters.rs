//! What can't be handled, or fails for good, is written to a dead-letter topic.

use std::time::Duration;

use kafka_rpc::{
    Code, DeadLetter, DeadLetters, DeadLettersError, LetterCause, Method, Redelivery, Request,
    ServerBuilder, Status,
};
use kafka_rpc_tests::foreign::{Foreign, Record, Replies};
use kafka_rpc_tests::service::{DeskClient, Order, Scripted, receipt};
use kafka_rpc_tests::world::{Serving, World, desk};
use kafka_rpc_tests::{Sightings, sightings, soon};

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

/// The dead letters of `Ask`, by the library's client.
async fn letters(world: &World) -> DeadLetters {
    let ask = Method::new(<DeskClient>::DESCRIPTOR, 0).expect("the desk has methods");
    DeadLetters::of(world.cluster(), ask)
        .await
        .expect("the topic is there")
}

async fn listed(letters: &DeadLetters, count: usize) -> Vec<DeadLetter> {
    soon("the letters are there", async {
        loop {
            let listed = letters.list(None, 100).await.expect("they are listed");
            if listed.len() >= count {
                return listed;
            }
        }
    })
    .await
}

#[tokio::test]
async fn letters_are_listed_by_the_page_and_shown() {
    let (script, _attempts) = failing(|| Status::not_found("no such account"));
    let probe = Probe::start(desk(script)).await;
    for number in 0..5 {
        probe
            .foreign
            .write(probe.anonymous(&Order::number(number)))
            .await;
    }
    let letters = letters(&probe.world).await;
    let all = listed(&letters, 5).await;
    let numbers = |letters: &[DeadLetter]| -> Vec<u32> {
        letters
            .iter()
            .map(|letter| letter.decode::<Order>().unwrap().number)
            .collect()
    };
    // They failed side by side, so in any order.
    let mut sorted = numbers(&all);
    sorted.sort_unstable();
    assert_eq!(sorted, [0, 1, 2, 3, 4]);
    let first = letters.list(None, 2).await.unwrap();
    let second = letters.list(Some(first[1].id()), 2).await.unwrap();
    let third = letters.list(Some(second[1].id()), 2).await.unwrap();
    let pages = [first, second, third].map(|page| numbers(&page)).concat();
    assert_eq!(pages, numbers(&all));

    let shown = letters.show(all[3].id()).await.unwrap();
    assert_eq!(numbers(&[shown]), numbers(&all[3..4]));
    let letter = &all[0];
    assert_eq!(letter.cause(), LetterCause::Failed);
    assert_eq!(letter.status().code(), Code::NotFound);
    assert_eq!(letter.status().message(), "no such account");
    assert_eq!((letter.attempts(), letter.replays()), (1, 0));
    assert_eq!(
        (&*letter.origin().topic, letter.origin().partition),
        (&*probe.topic, 0)
    );
    assert!(letter.is_whole() && letter.time().elapsed().unwrap() < Duration::from_secs(60));
    let tenant = letter.headers().find(|(name, _)| *name == "tenant");
    assert_eq!(tenant, Some(("tenant", &b"north"[..])));
    assert!(
        letter
            .headers()
            .all(|(name, _)| !name.starts_with("rpc-dead-letter"))
    );

    for missing in ["0/5", "1/0", "0/-1"] {
        let outcome = letters.show(missing.parse().unwrap()).await;
        assert!(
            matches!(outcome, Err(DeadLettersError::Missing(_))),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_replayed_request_is_handled_as_it_came_and_a_third_time_it_is_refused() {
    let (seen, mut handled) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        let tenant = request
            .metadata()
            .get("tenant")
            .map(|value| value.as_bytes().to_vec());
        seen.tell((
            request.get_ref().number,
            tenant,
            request.key().map(<[u8]>::to_vec),
        ));
        async { Err(Status::internal("a bug")) }
    });
    let probe = Probe::start(desk(script)).await;
    let request = probe
        .anonymous(&Order::number(7))
        .header("rpc-idempotency-key", "order-7")
        .key("ann");
    probe.foreign.write(request).await;
    let letters = letters(&probe.world).await;
    let mut requests = probe.foreign.read(&probe.topic);
    let mut ids = vec![requests.next().await.text("kafka_correlationId")];
    for replays in 0..2 {
        let letter = listed(&letters, replays + 1).await.pop().unwrap();
        assert_eq!(letter.replays(), replays as u32);
        letters.replay(letter.id()).await.unwrap();
        let request = requests.next().await;
        assert_eq!(
            request.text("rpc-dead-letter-replays"),
            (replays + 1).to_string()
        );
        assert_eq!(request.text("rpc-idempotency-key"), "order-7");
        assert_eq!(request.get("kafka_replyTopic"), None);
        ids.push(request.text("kafka_correlationId"));
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3, "each has an id of its own");

    let last = listed(&letters, 3).await.pop().unwrap();
    let outcome = letters.replay(last.id()).await;
    assert!(
        matches!(outcome, Err(DeadLettersError::Replayed(_))),
        "{outcome:?}"
    );
    let sight = (7, Some(b"north".to_vec()), Some(b"ann".to_vec()));
    assert_eq!(handled.so_far(), [sight.clone(), sight.clone(), sight]);
}

#[tokio::test]
async fn a_refused_request_can_be_replayed_where_its_reply_address_was_what_is_wrong() {
    let (seen, mut handled) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        seen.tell(request.get_ref().number);
        async { Ok(receipt(request.into_inner())) }
    });
    let mut probe = Probe::start(desk(script)).await;
    let elsewhere = probe.world.name("tests.v1.Desk.Place.reply");
    let request = probe.anonymous(&Order::number(7));
    probe
        .foreign
        .write(request.header("kafka_replyTopic", elsewhere))
        .await;
    let letter = probe.letters.next().await;
    assert_eq!(letter.text("rpc-dead-letter-code"), "7");
    assert_eq!(handled.so_far(), [0; 0]);
    let letters = letters(&probe.world).await;
    letters.replay("0/0".parse().unwrap()).await.unwrap();
    assert_eq!(handled.next("it is handled").await, 7);
    probe.all_is_finished(2).await;
    assert_eq!(probe.letters.so_far(), []);
}

#[tokio::test]
async fn a_request_in_pieces_is_a_letter_in_pieces_and_is_replayed_whole() {
    let (seen, mut handled) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        seen.tell((request.get_ref().payload.len(), request.attempt()));
        async { Err(Status::unavailable("not now")) }
    });
    let builder = desk(script)
        .message_limit(10_000)
        .chunked_message_limit(1_000_000)
        .redelivery("tests.v1.Desk", quick(2));
    let probe = Probe::start(builder).await;
    let channel = kafka_rpc::Channel::builder()
        .message_limit(10_000)
        .chunked_message_limit(1_000_000);
    let mut client = DeskClient::new(probe.world.connect(channel).await);
    let status = client.ask(Order::large(100_000)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(handled.so_far(), [(100_000, 1), (100_000, 2)]);
    let letters = letters(&probe.world).await;
    let letter = listed(&letters, 1).await.pop().unwrap();
    assert!(letter.is_whole());
    assert_eq!(letter.decode::<Order>().unwrap(), Order::large(100_000));
    letters.replay(letter.id()).await.unwrap();
    assert_eq!(handled.next("it is handled again").await, (100_000, 1));
}

#[tokio::test]
async fn without_a_dead_letter_topic_there_is_an_error_that_says_so() {
    let world = World::embedded();
    let error = DeadLetters::of_topic(world.cluster(), "nobodys")
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("no topic nobodys.dead-letter"),
        "{error}"
    );
}

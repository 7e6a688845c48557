//! The library's client of dead letters.

use kafka_rpc::{DeadLetter, DeadLetters, DeadLettersError, LetterCause, Method};
use kafka_rpc_tests::service::DeskClient;
use kafka_rpc_tests::soon;

use super::*;

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

#[tokio::test]
async fn a_call_that_was_left_with_kafka_and_expires_before_it_is_handled_is_a_dead_letter() {
    let world = World::embedded();
    let mut caller = world.client().await;
    let mut request = Request::new(Order::number(7));
    request.set_timeout(Duration::from_secs(4));
    caller.ask(request).enqueue().await.unwrap();
    tokio::time::sleep(Duration::from_millis(4_100)).await;
    let _server = world.desk(Scripted::echo()).await;
    let letters = letters(&world).await;
    let all = listed(&letters, 1).await;
    assert_eq!(all[0].cause(), LetterCause::Expired);
    assert_eq!(all[0].decode::<Order>().unwrap().number, 7);
}

//! Calls that go to all live instances.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::stream::StreamExt as _;
use kafka_rpc::{Channel, Code, IntoRequest as _, Request, Server};
use kafka_rpc_tests::relay::{Ask, RelayClient};
use kafka_rpc_tests::world::World;
use kafka_rpc_tests::{soon, until};
use tokio::time::Instant;

use super::{all_dropped, ask, client, relay, relay_as};

fn of(ask: Ask, answers: usize) -> Request<Ask> {
    let mut request = ask.into_request();
    request.set_answers(answers);
    request
}

#[tokio::test]
async fn every_instance_answers_once_and_says_who_it_is() {
    let world = World::with_partitions(3);
    let named = |name: &str| Server::builder().instance_id(name);
    let (_one, _) = relay_as(&world, named("one")).await;
    let (_two, _) = relay_as(&world, named("two")).await;
    let (_three, _) = relay_as(&world, named("three")).await;
    let mut relay = client(&world).await;
    for round in 1..=10 {
        let mut request = of(ask(round), 3);
        let tag = "blue".parse().unwrap();
        request.metadata_mut().insert("tag", tag).unwrap();
        let answers = relay.poll(request).await.unwrap().into_inner();
        let answers: Vec<_> = soon("three answer", answers.collect()).await;
        let who: BTreeSet<_> = answers.iter().map(|answer| answer.instance()).collect();
        assert_eq!(who, ["one", "two", "three"].into());
        for answer in answers {
            let response = answer.into_outcome().unwrap();
            assert_eq!(response.get_ref().value, round);
            assert_eq!(response.metadata().get("tag").unwrap(), "blue");
        }
    }
}

#[tokio::test]
async fn an_instance_whose_answer_its_topic_does_not_take_says_so_and_who_it_is() {
    let world = World::embedded();
    let large = Server::builder().instance_id("one").message_limit(64 << 20);
    let (_one, _) = relay_as(&world, large).await;
    let mut relay = client(&world).await;
    let asked = Ask {
        padding: 2 << 20,
        ..ask(1)
    };
    let answers = relay.poll(of(asked, 1)).await.unwrap().into_inner();
    let answers: Vec<_> = soon("it answers", answers.collect()).await;
    let who: Vec<_> = answers.iter().map(|answer| answer.instance()).collect();
    assert_eq!(who, ["one"]);
    for answer in answers {
        let status = answer.into_outcome().unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    }
}

#[tokio::test]
async fn instances_without_a_name_give_themselves_different_ones() {
    let world = World::embedded();
    let (_one, _) = relay(&world).await;
    let (_two, _) = relay(&world).await;
    let mut relay = client(&world).await;
    let answers = relay.poll(of(ask(1), 2)).await.unwrap().into_inner();
    let who = answers.map(|answer| answer.instance().to_owned());
    let who: BTreeSet<_> = soon("two answer", who.collect()).await;
    assert_eq!(who.len(), 2);
    assert!(who.iter().all(|name| !name.is_empty()));
}

#[tokio::test]
async fn without_a_count_the_answers_end_at_the_deadline_which_is_no_error() {
    let world = World::embedded();
    let (_server, _) = relay(&world).await;
    let mut relay = client(&world).await;
    let mut request = ask(1).into_request();
    request.set_timeout(Duration::from_millis(600));
    let begun = Instant::now();
    let answers = relay.poll(request).await.unwrap().into_inner();
    let answers: Vec<_> = soon("they end", answers.collect()).await;
    assert_eq!(answers.len(), 1);
    assert!(answers[0].outcome().is_ok());
    let after = begun.elapsed();
    assert!(
        (Duration::from_millis(590)..Duration::from_secs(2)).contains(&after),
        "{after:?}"
    );
}

#[tokio::test]
async fn an_instance_that_fails_answers_with_its_status() {
    let world = World::embedded();
    let (_server, _) = relay(&world).await;
    let mut relay = client(&world).await;
    let mut answers = relay.poll(of(ask(0), 1)).await.unwrap().into_inner();
    let answer = soon("it answers", answers.next()).await.unwrap();
    let status = answer.into_outcome().unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    assert!(answers.next().await.is_none());
}

#[tokio::test]
async fn who_drops_the_answers_ends_the_handlers() {
    let world = World::embedded();
    let (_one, first) = relay(&world).await;
    let (_two, second) = relay(&world).await;
    let mut relay = client(&world).await;
    let slow = Ask {
        delay_millis: 60_000,
        ..ask(1)
    };
    let answers = relay.poll(slow).await.unwrap().into_inner();
    until("both are at it", || {
        first.alive.load(Ordering::SeqCst) + second.alive.load(Ordering::SeqCst) == 2
    })
    .await;
    drop(answers);
    all_dropped(&first).await;
    all_dropped(&second).await;
}

#[tokio::test]
async fn an_instance_that_starts_later_knows_nothing_of_earlier_calls() {
    let world = World::embedded();
    let (_one, _) = relay(&world).await;
    let mut relay = client(&world).await;
    for value in 1..=5 {
        let mut answers = relay.poll(of(ask(value), 1)).await.unwrap().into_inner();
        soon("it answers", answers.next()).await.unwrap();
    }
    let (_two, later) = super::relay(&world).await;
    let answers = relay.poll(of(ask(6), 2)).await.unwrap().into_inner();
    let answers: Vec<_> = soon("both answer", answers.collect()).await;
    assert_eq!(answers.len(), 2);
    assert_eq!(later.begun.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn large_answers_of_several_instances_do_not_mix() {
    const MIB: u32 = 1024 * 1024;
    let world = World::embedded();
    let chunked = || {
        Server::builder()
            .message_limit(MIB as usize / 16)
            .chunked_message_limit(20 * MIB as usize)
    };
    let (_one, _) = relay_as(&world, chunked()).await;
    let (_two, _) = relay_as(&world, chunked()).await;
    let channel = Channel::builder().chunked_message_limit(20 * MIB as usize);
    let mut relay = RelayClient::new(world.connect(channel).await);
    let large = Ask {
        padding: MIB,
        ..ask(1)
    };
    let answers = relay.poll(of(large, 2)).await.unwrap().into_inner();
    let sizes = answers.map(|answer| answer.into_outcome().unwrap().into_inner().padding.len());
    let sizes: Vec<_> = soon("both answer", sizes.collect()).await;
    assert_eq!(sizes, [MIB as usize; 2]);
}

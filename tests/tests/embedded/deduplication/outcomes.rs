use std::time::Duration;

use kafka_rpc::{Body, Code, DeadLetters, MemoryStore, Method, Request, Server, Status};
use kafka_rpc_tests::foreign::{Foreign, Record};
use kafka_rpc_tests::service::{BankClient, BankServer, Order};
use kafka_rpc_tests::world::{Serving, World};
use kafka_rpc_tests::{sightings, soon};
use tower::util::MapRequestLayer;

use super::{answering, bank, client, counting, effect_receipt, same};

#[tokio::test]
async fn a_repeat_gets_the_recorded_reply_and_has_no_effect() {
    let world = World::embedded();
    let (script, mut effects) = counting();
    let _server = world.serve(bank(script)).await;
    let (mut one, mut other) = (client(&world).await, client(&world).await);
    for bank in [&mut one, &mut other] {
        for _ in 0..2 {
            let reply = bank.pay(same("rent", Order::number(7))).await.unwrap();
            assert_eq!(reply.get_ref().number, 1);
            assert_eq!(reply.metadata().get("effect").unwrap(), "1");
        }
    }
    assert_eq!(effects.so_far(), [7]);
    let reply = one.pay(same("heating", Order::number(8))).await.unwrap();
    assert_eq!(reply.get_ref().number, 2, "another key is another call");
}

#[tokio::test]
async fn a_status_that_is_final_is_recorded() {
    let world = World::embedded();
    let (script, mut effects) = answering(|_, _| {
        let details = &b"about ada"[..];
        let mut status = Status::with_details(Code::FailedPrecondition, "no money", details.into());
        status.metadata_mut().insert("left", 3.into())?;
        Err(status)
    });
    let _server = world.serve(bank(script)).await;
    let mut bank = client(&world).await;
    for _ in 0..2 {
        let status = bank.pay(same("rent", Order::number(7))).await.unwrap_err();
        assert_eq!(status.code(), Code::FailedPrecondition);
        assert_eq!(
            (status.message(), status.details()),
            ("no money", &b"about ada"[..])
        );
        assert_eq!(status.metadata().get("left").unwrap(), "3");
    }
    assert_eq!(effects.so_far(), [7]);
}

#[tokio::test]
async fn a_status_that_says_try_again_is_not_recorded() {
    let world = World::embedded();
    let (script, mut effects) = answering(|effect, _| match effect {
        1 => Err(Status::unavailable("the ledger is away")),
        2 => Err(Status::deadline_exceeded("the ledger is slow")),
        _ => Ok(effect_receipt(effect)),
    });
    let _server = world.serve(bank(script)).await;
    let mut bank = client(&world).await;
    let mut codes = Vec::new();
    for _ in 0..4 {
        let outcome = bank.pay(same("rent", Order::number(7))).await;
        codes.push(outcome.map_or_else(|status| status.code(), |_| Code::Ok));
    }
    let expected = [
        Code::Unavailable,
        Code::DeadlineExceeded,
        Code::Ok,
        Code::Ok,
    ];
    assert_eq!(codes, expected);
    assert_eq!(effects.so_far(), [7, 7, 7]);
}

#[tokio::test]
async fn a_repeat_with_another_message_is_refused() {
    let world = World::embedded();
    let (script, mut effects) = counting();
    let _server = world.serve(bank(script)).await;
    let mut bank = client(&world).await;
    bank.pay(same("rent", Order::number(7))).await.unwrap();
    let status = bank.pay(same("rent", Order::number(8))).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    assert!(status.message().contains("another message"), "{status}");
    assert_eq!(effects.so_far(), [7]);
}

#[tokio::test]
async fn a_handler_that_panics_does_not_run_again() {
    let world = World::embedded();
    let (script, mut effects) = answering(|_, _| panic!("out of ink"));
    let _server = world.serve(bank(script)).await;
    let mut bank = client(&world).await;
    for _ in 0..2 {
        let status = bank.pay(same("rent", Order::number(7))).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal, "{status}");
    }
    assert_eq!(effects.so_far(), [7]);
}

#[tokio::test]
async fn what_an_interceptor_refuses_is_not_recorded_and_it_sees_repeats() {
    let world = World::embedded();
    let (script, mut effects) = counting();
    let allowed = |request: Request<()>| match request.metadata().get("token") {
        Some(token) if token == "good" => Ok(request),
        _ => Err(Status::unauthenticated("no token")),
    };
    let service = BankServer::with_interceptor(script, allowed);
    let store = MemoryStore::new(Duration::from_secs(600), 1 << 20);
    let (seen, mut passed) = sightings();
    let builder = Server::builder()
        .add_service(service)
        .deduplication(store)
        .layer(MapRequestLayer::new(move |request: Request<Body>| {
            seen.tell(());
            request
        }));
    let _server = Serving::start(builder.handle(), builder.serve(world.cluster())).await;
    let mut bank = client(&world).await;
    let mut outcomes = Vec::new();
    for token in ["stale", "good", "good", "stolen"] {
        let mut request = same("rent", Order::number(7));
        let token = token.parse().unwrap();
        request.metadata_mut().insert("token", token).unwrap();
        let outcome = bank.pay(request).await;
        outcomes.push(outcome.map_or_else(|status| status.code(), |_| Code::Ok));
    }
    let refused = Code::Unauthenticated;
    assert_eq!(outcomes, [refused, Code::Ok, Code::Ok, refused]);
    assert_eq!(effects.so_far(), [7]);
    assert_eq!(passed.so_far().len(), 4);
}

#[tokio::test]
async fn a_dead_letter_is_not_recorded_so_its_replay_runs() {
    let world = World::with_partitions(1);
    let (script, mut effects) = answering(|effect, _| match effect {
        1 => Err(Status::internal("a bug")),
        _ => Ok(effect_receipt(effect)),
    });
    let _server = world.serve(bank(script)).await;
    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Bank.Pay");
    let anonymous = Record::to(&topic)
        .message(&Order::number(7))
        .header("rpc-idempotency-key", "rent");
    foreign.write(anonymous).await;
    assert_eq!(effects.next("it is tried").await, 7);
    let mut buried = foreign.read(&world.name("tests.v1.Bank.Pay.dead-letter"));
    assert_eq!(buried.next().await.text("rpc-idempotency-key"), "rent");

    let pay = Method::new(<BankClient>::DESCRIPTOR, 0).expect("a method");
    let letters = DeadLetters::of(world.cluster(), pay).await.unwrap();
    let letter = letters
        .list(None, 1)
        .await
        .unwrap()
        .pop()
        .expect("a letter");
    letters.replay(letter.id()).await.unwrap();
    assert_eq!(effects.next("the replay runs").await, 7);
    let mut bank = client(&world).await;
    let repeat = bank.pay(same("rent", Order::number(7)));
    assert_eq!(
        soon("it is answered", repeat)
            .await
            .unwrap()
            .get_ref()
            .number,
        2
    );
    assert!(effects.so_far().is_empty());
}

use std::time::Duration;

use kafka_rpc::{Channel, Code, IdempotencyKey, MemoryStore, Request, RetryPolicy, Server, Status};
use kafka_rpc_tests::foreign::{Foreign, Record};
use kafka_rpc_tests::service::{BankClient, BankServer, Order, Receipt, Scripted, receipt};
use kafka_rpc_tests::sightings;
use kafka_rpc_tests::world::{World, desk};

use super::{bank, client, counting, key, same};

#[tokio::test]
async fn the_client_gives_each_call_a_key_which_is_the_records_where_it_has_none() {
    let world = World::embedded();
    let (script, _) = counting();
    let _server = world.serve(bank(script)).await;
    let mut bank = client(&world).await;
    for _ in 0..2 {
        bank.pay(Order::number(1)).await.unwrap();
    }
    bank.transfer(Order::of("ada", 1)).await.unwrap();
    let foreign = Foreign::new(world.cluster());
    let mut payments = foreign.read(&world.name("tests.v1.Bank.Pay"));
    let (first, second) = (payments.next().await, payments.next().await);
    let key = |record: &Record| record.get("rpc-idempotency-key").map(<[u8]>::to_vec);
    assert_ne!(key(&first), key(&second));
    for record in [first, second] {
        assert_eq!(key(&record), record.key);
        assert_eq!(key(&record).map(|key| key.len()), Some(36));
    }
    let mut transfers = foreign.read(&world.name("tests.v1.Bank.Transfer"));
    let transfer = transfers.next().await;
    assert_eq!(transfer.key.as_deref(), Some(&b"ada"[..]));
    assert!(key(&transfer).is_some());
}

#[tokio::test]
async fn all_attempts_at_a_call_have_one_key() {
    let world = World::embedded();
    let (seen, mut keys) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        seen.tell(request.idempotency_key().cloned());
        let first = request
            .metadata()
            .get("grpc-previous-rpc-attempts")
            .is_none();
        async move {
            match first {
                true => Err(Status::unavailable("not now")),
                false => Ok(receipt(request.into_inner())),
            }
        }
    });
    let _server = world.serve(bank(script)).await;
    let policy = RetryPolicy::new().initial_backoff(Duration::from_millis(5));
    let channel = Channel::builder().retry_service(<BankClient>::DESCRIPTOR, policy);
    let mut bank = BankClient::new(world.connect(channel).await);
    bank.pay(Order::number(1)).await.unwrap();
    let attempts = keys.so_far();
    assert_eq!(attempts.len(), 2);
    assert!(
        attempts[0].is_some() && attempts[0] == attempts[1],
        "{attempts:?}"
    );
}

#[tokio::test]
async fn a_call_that_is_left_with_kafka_has_its_key() {
    let world = World::embedded();
    let (script, mut effects) = counting();
    let _server = world.serve(bank(script)).await;
    let channel = world.channel().await;
    let mut bank = BankClient::new(channel.clone());
    for _ in 0..2 {
        let request = same("salary", Order::number(1));
        let handle = bank.pay(request).enqueue().await.unwrap();
        assert_eq!(channel.reply(&handle).await.unwrap().get_ref().number, 1);
    }
    assert_eq!(effects.so_far(), [1]);
}

#[tokio::test]
async fn the_handler_of_any_method_finds_the_callers_key() {
    let world = World::embedded();
    let (seen, mut keys) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        seen.tell(request.idempotency_key().cloned());
        async { Ok(receipt(request.into_inner())) }
    });
    let _server = world.serve(desk(script)).await;
    let mut desk = world.client().await;
    desk.ask(same("one", Order::number(1))).await.unwrap();
    desk.ask(same("one", Order::number(1))).await.unwrap();
    desk.ask(Order::number(1)).await.unwrap();
    assert_eq!(keys.so_far(), [Some(key("one")), Some(key("one")), None]);
}

#[tokio::test]
async fn without_a_key_a_call_of_another_make_is_a_call_like_any_other() {
    let world = World::with_partitions(1);
    let (script, mut effects) = counting();
    let _server = world.serve(bank(script)).await;
    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Bank.Pay");
    let mut replies = foreign.read(&world.name("tests.v1.Bank.Pay.reply"));
    for id in ["call-1", "call-2"] {
        foreign
            .write(Record::request(&topic, id, &Order::number(1)))
            .await;
        let reply = replies.next().await;
        assert_eq!(reply.text("kafka_correlationId"), id);
    }
    assert_eq!(effects.so_far(), [1, 1]);
}

#[tokio::test]
async fn a_key_that_is_too_long_is_refused() {
    let world = World::with_partitions(1);
    let (script, mut effects) = counting();
    let _server = world.serve(bank(script)).await;
    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Bank.Pay");
    let long = Record::request(&topic, "call-1", &Order::number(1)).header(
        "rpc-idempotency-key",
        vec![b'x'; IdempotencyKey::MAX_LEN + 1],
    );
    foreign.write(long).await;
    let mut replies = foreign.read(&world.name("tests.v1.Bank.Pay.reply"));
    let reply = replies.next().await;
    assert_eq!(
        reply.text("grpc-status"),
        (Code::InvalidArgument as i32).to_string()
    );
    assert!(reply.text("grpc-message").contains("1 to 255 bytes"));
    assert!(effects.so_far().is_empty());
}

#[tokio::test]
async fn handlers_may_do_it_themselves() {
    let world = World::embedded();
    let (seen, mut keys) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        seen.tell(request.idempotency_key().cloned());
        async { Ok(receipt(request.into_inner())) }
    });
    let builder = Server::builder()
        .add_service(BankServer::new(script))
        .deduplication_by_handlers();
    let _server = world.serve(builder).await;
    let mut bank = client(&world).await;
    for _ in 0..2 {
        bank.pay(same("one", Order::number(1))).await.unwrap();
    }
    assert_eq!(keys.so_far(), [Some(key("one")), Some(key("one"))]);
}

#[tokio::test]
async fn a_server_that_was_not_told_where_to_keep_records_does_not_start() {
    let world = World::embedded();
    let builder = Server::builder().add_service(BankServer::new(Scripted::echo()));
    let error = builder.serve(world.cluster()).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("tests.v1.Bank/Pay is deduplicated"),
        "{error}"
    );
}

#[tokio::test]
async fn methods_do_not_share_keys() {
    let world = World::embedded();
    let (script, mut effects) = counting();
    let store = MemoryStore::new(Duration::from_secs(600), 1 << 20);
    let builder = Server::builder()
        .add_service(BankServer::new(script))
        .deduplication(store);
    let _server = world.serve(builder).await;
    let mut bank = client(&world).await;
    let paid = bank.pay(same("one", Order::of("ada", 1))).await.unwrap();
    let moved = bank
        .transfer(same("one", Order::of("ada", 2)))
        .await
        .unwrap();
    let number = |receipt: &Receipt| receipt.number;
    assert_eq!((number(paid.get_ref()), number(moved.get_ref())), (1, 2));
    assert_eq!(effects.so_far(), [1, 2]);
}

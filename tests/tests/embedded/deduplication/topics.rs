//! Records in topics beside those of the requests.

use std::time::Duration;

use kafka_rpc::{Server, ServerBuilder, TopicSettings};
use kafka_rpc_tests::foreign::{Foreign, Record};
use kafka_rpc_tests::service::{BankServer, Order, Scripted};
use kafka_rpc_tests::soon;
use kafka_rpc_tests::world::World;

use super::{client, counting, same};

const HOUR: Duration = Duration::from_secs(3600);

fn bank(script: Scripted) -> ServerBuilder {
    Server::builder()
        .add_service(BankServer::new(script))
        .deduplication_topics(HOUR, 1 << 20)
}

#[tokio::test]
async fn the_next_server_knows_what_calls_came_to() {
    let world = World::with_partitions(3);
    let (script, mut effects) = counting();
    let server = world.serve(bank(script)).await;
    let mut bank_client = client(&world).await;
    for number in 0..12 {
        let request = same(&format!("bill-{number}"), Order::number(number));
        bank_client.pay(request).await.unwrap();
    }
    assert_eq!(effects.so_far().len(), 12);
    server.shutdown().await;

    let (script, mut effects) = counting();
    let _next = world.serve(bank(script)).await;
    for number in 0..12 {
        let request = same(&format!("bill-{number}"), Order::number(number));
        let reply = bank_client.pay(request).await.unwrap();
        assert_eq!(reply.get_ref().number, number + 1);
        assert_eq!(
            reply.metadata().get("effect").unwrap(),
            &*(number + 1).to_string()
        );
    }
    assert!(effects.so_far().is_empty());
}

#[tokio::test]
async fn a_record_lies_where_its_request_does_under_method_and_key() {
    let world = World::with_partitions(5);
    let (script, _) = counting();
    let _server = world.serve(bank(script)).await;
    let mut bank = client(&world).await;
    bank.pay(same("rent", Order::number(7))).await.unwrap();
    let foreign = Foreign::new(world.cluster());
    let request = foreign.read(&world.name("tests.v1.Bank.Pay")).next().await;
    let record = foreign
        .read(&world.name("tests.v1.Bank.Pay.dedup"))
        .next()
        .await;
    assert_eq!(record.partition, request.partition);
    assert_eq!(record.key.as_deref(), Some(&b"tests.v1.Bank/Pay/rent"[..]));
    assert!(record.value.is_some_and(|value| !value.is_empty()));
}

#[tokio::test]
async fn calls_wait_until_all_records_of_their_partition_are_read() {
    let world = World::with_partitions(1);
    let (script, _) = counting();
    let server = world.serve(bank(script)).await;
    let mut bank_client = client(&world).await;
    bank_client
        .pay(same("last", Order::number(1)))
        .await
        .unwrap();
    server.shutdown().await;
    // The record that counts lies behind many others.
    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Bank.Pay.dedup");
    let mut records = foreign.read(&topic);
    let last = records.next().await;
    for number in 0..500 {
        let other = Record::to(&topic)
            .partition(0)
            .key(format!("tests.v1.Bank/Pay/other-{number}"))
            .value(last.value.clone().unwrap_or_default());
        foreign.write(other).await;
    }
    let (script, mut effects) = counting();
    let _next = world.serve(bank(script)).await;
    // All at once, as the first calls of the server.
    let repeats: Vec<_> = ["last", "other-0", "other-499", "last"]
        .into_iter()
        .map(|key| {
            let mut bank = bank_client.clone();
            tokio::spawn(async move { bank.pay(same(key, Order::number(1))).await })
        })
        .collect();
    for repeat in repeats {
        let reply = soon("it is answered", repeat).await.unwrap();
        assert_eq!(reply.unwrap().get_ref().number, 1);
    }
    assert!(effects.so_far().is_empty());
}

#[tokio::test]
async fn a_server_that_may_not_create_the_topic_says_how_to() {
    let world = World::with_partitions(3);
    let (script, _) = counting();
    let by_handlers = Server::builder()
        .add_service(BankServer::new(script.clone()))
        .deduplication_by_handlers();
    world.serve(by_handlers).await.shutdown().await;
    let builder = bank(script).topics(TopicSettings::new().create(false));
    let error = soon("it ends", builder.serve(world.cluster())).await;
    let error = error.unwrap_err().to_string();
    let command = format!(
        "--topic {} --partitions 3",
        world.name("tests.v1.Bank.Pay.dedup")
    );
    assert!(error.contains(&command), "{error}");
    assert!(error.contains("cleanup.policy=compact,delete"), "{error}");
    assert!(error.contains("retention.ms=3600000"), "{error}");
}

//! Callers of another make: where their replies go, and what these carry.

use std::collections::HashSet;

use kafka_rpc_tests::foreign::{Foreign, Record};
use kafka_rpc_tests::service::{Order, Receipt, Scripted};
use kafka_rpc_tests::world::{Serving, World};

/// A server of the desk, a client of another make, and the topic of `Ask`.
async fn foreign() -> (Serving, Foreign, String) {
    let world = World::embedded();
    let server = world.desk(Scripted::echo()).await;
    let topic = world.name("tests.v1.Desk.Ask");
    (server, Foreign::new(world.cluster()), topic)
}

#[tokio::test]
async fn a_reply_goes_to_the_partition_that_spring_names_in_four_bytes() {
    let (_server, foreign, topic) = foreign().await;
    let mut replies = foreign.read(&format!("{topic}.reply"));
    for partition in [2, 0, 3] {
        let request = Record::request(&topic, "spring", &Order::number(1))
            .header("kafka_replyPartition", i32::to_be_bytes(partition));
        foreign.write(request).await;
        assert_eq!(replies.next().await.partition, Some(partition));
    }
}

#[tokio::test]
async fn a_reply_goes_to_the_partition_that_nestjs_names_in_decimal() {
    let (_server, foreign, topic) = foreign().await;
    let mut replies = foreign.read(&format!("{topic}.reply"));
    for partition in [3, 1, 2] {
        let request = Record::request(&topic, "nestjs", &Order::number(1))
            .header("kafka_replyPartition", partition.to_string());
        foreign.write(request).await;
        assert_eq!(replies.next().await.partition, Some(partition));
    }
}

#[tokio::test]
async fn a_reply_without_a_partition_goes_where_the_correlation_id_belongs_as_a_key() {
    let (_server, foreign, topic) = foreign().await;
    let reply_topic = format!("{topic}.reply");
    let mut replies = foreign.read(&reply_topic);
    let mut partitions = HashSet::new();
    for id in ["a", "b", "c", "d", "call-5", "call-6"] {
        foreign
            .write(Record::request(&topic, id, &Order::number(1)))
            .await;
        let reply = replies.next().await;
        assert_eq!(reply.key.as_deref(), Some(id.as_bytes()));
        // Where Kafka's own partitioner puts the key.
        let probe = foreign.write(Record::to(&reply_topic).key(id)).await;
        assert_eq!(reply.partition, Some(probe.partition), "{id}");
        replies.next().await;
        partitions.insert(probe.partition);
    }
    assert!(
        partitions.len() > 1,
        "the ids of this test should differ in their partitions"
    );
}

#[tokio::test]
async fn a_correlation_id_is_echoed_byte_by_byte() {
    let (_server, foreign, topic) = foreign().await;
    let mut replies = foreign.read(&format!("{topic}.reply"));
    let ids: [&[u8]; 6] = [
        &[0],
        &[0xff; 16],
        b"5a1e0c7e-60b5-4f2f-a4a1-0e2d7f1c3b42",
        b"5A1E0C7E-60B5-4F2F-A4A1-0E2D7F1C3B42",
        "grüße\r\n".as_bytes(),
        &[b'i'; 64],
    ];
    for id in ids {
        let request = Record::request(&topic, "", &Order::number(1))
            .without("kafka_correlationId")
            .header("kafka_correlationId", id);
        foreign.write(request).await;
        let reply = replies.next().await;
        assert_eq!(reply.get("kafka_correlationId"), Some(id));
        assert_eq!(reply.decode::<Receipt>().number, 1);
    }
}

#[tokio::test]
async fn a_good_reply_is_the_bare_message_and_has_no_status() {
    let (_server, foreign, topic) = foreign().await;
    foreign
        .write(Record::request(&topic, "call-1", &Order::number(9)))
        .await;
    let reply = foreign.read(&format!("{topic}.reply")).next().await;
    assert_eq!(reply.value.as_deref(), Some(&[8, 9][..]));
    assert_eq!(reply.get("content-type"), None);
    assert_eq!(reply.get("grpc-status"), None);
    assert_eq!(reply.get("grpc-message"), None);
}

#[tokio::test]
async fn two_requests_with_one_correlation_id_are_both_answered() {
    let (_server, foreign, topic) = foreign().await;
    for number in 1..=2 {
        let request = Record::request(&topic, "twin", &Order::number(number));
        foreign.write(request.partition(0)).await;
    }
    let mut replies = foreign.read(&format!("{topic}.reply"));
    let mut numbers = [0, 0];
    for number in &mut numbers {
        let reply = replies.next().await;
        assert_eq!(reply.text("kafka_correlationId"), "twin");
        *number = reply.decode::<Receipt>().number;
    }
    numbers.sort();
    assert_eq!(numbers, [1, 2]);
}

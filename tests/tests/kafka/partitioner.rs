//! Where keys go.

use std::collections::BTreeSet;

use kafka_rpc::{Request, Response, Status, TopicSettings};
use kafka_rpc_tests::service::{Order, Receipt, Scripted};
use kafka_rpc_tests::{kafka, require_java};

use crate::world::world;

const PARTITIONS: u32 = 7;

#[tokio::test]
async fn keys_go_where_a_java_producer_would_put_them() {
    require_java!();
    let world = world().with(|cluster| cluster.topics(TopicSettings::new().partitions(PARTITIONS)));
    let _server = world.desk(Scripted::new(partition)).await;
    let desk = world.client().await;

    let keys = keys();
    let asked: Vec<(&[u8], i32)> = keys
        .iter()
        .map(|key| (&key[..], PARTITIONS as i32))
        .collect();
    let java = kafka::java_partitions(&asked);
    let mut seen = BTreeSet::new();
    for (key, expected) in keys.iter().zip(java) {
        let mut request = Request::new(Order::default());
        request.set_key(key.clone());
        let receipt = desk.clone().ask(request).await.unwrap();
        let partition = receipt.get_ref().number as i32;
        assert_eq!(partition, expected, "key {}", key.escape_ascii());
        seen.insert(partition);
    }
    assert_eq!(seen.len(), PARTITIONS as usize, "some partition got no key");
}

async fn partition(request: Request<Order>) -> Result<Response<Receipt>, Status> {
    let partition = request.origin().unwrap().partition;
    Ok(Response::new(Receipt {
        number: partition.try_into().unwrap(),
        payload: Vec::new(),
    }))
}

/// Of all lengths around the four bytes that the hash takes at a time, of all bytes, and such as people use.
fn keys() -> Vec<Vec<u8>> {
    let lengths =
        (0..=40_u32).map(|length| (0..length).map(|at| (at * 7 + length) as u8).collect());
    let bytes = (0..=255).map(|byte| vec![byte]);
    let negative = (128..=255).map(|byte| vec![byte, 255 - byte, byte, 1, byte]);
    let text = (0..200).map(|number| format!("customer-{number}").into_bytes());
    let unicode = ["Zoë", "顧客", "🦀", "a b", "\0"].map(|key| key.as_bytes().to_vec());
    lengths
        .chain(bytes)
        .chain(negative)
        .chain(text)
        .chain(unicode)
        .collect()
}

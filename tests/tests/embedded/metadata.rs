//! Metadata of requests and replies, and what handlers are told of their call.

use std::time::{Duration, SystemTime};

use kafka_rpc::{Metadata, MetadataValue, Origin, Request};
use kafka_rpc_tests::foreign::{Foreign, Record};
use kafka_rpc_tests::service::{Order, Scripted, receipt};
use kafka_rpc_tests::world::World;
use kafka_rpc_tests::{Sightings, sightings};

/// A desk that tells of each request what came with it.
fn watched() -> (Scripted, Sightings<Request<Order>>) {
    let (seen, requests) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        seen.tell(request.clone());
        async move { Ok(receipt(request.into_inner())) }
    });
    (script, requests)
}

fn some() -> Metadata {
    let mut metadata = Metadata::new();
    metadata.insert("Tenant", "north".parse().unwrap()).unwrap();
    metadata.append("tag", "fast".parse().unwrap()).unwrap();
    metadata.append("tag", "cheap".parse().unwrap()).unwrap();
    metadata
        .insert_bin("digest-bin", MetadataValue::from_bytes(&[0, 200, 13, 10]))
        .unwrap();
    metadata.insert("empty", "".parse().unwrap()).unwrap();
    metadata
}

fn assert_some(metadata: &Metadata) {
    assert_eq!(metadata.get("tenant").unwrap(), "north");
    let tags: Vec<_> = metadata.get_all("tag").map(|tag| tag.to_str()).collect();
    assert_eq!(tags, [Ok("fast"), Ok("cheap")]);
    assert_eq!(
        metadata.get_bin("digest-bin").unwrap().as_bytes(),
        [0, 200, 13, 10]
    );
    assert_eq!(metadata.get("empty").unwrap(), "");
}

#[tokio::test]
async fn a_handler_sees_the_metadata_that_its_caller_set_and_no_header_of_ours() {
    let world = World::embedded();
    let (script, mut requests) = watched();
    let _server = world.desk(script).await;
    let mut request = Request::new(Order::default());
    *request.metadata_mut() = some();
    world.client().await.ask(request).await.unwrap();
    let request = requests.next("a request comes").await;
    assert_some(request.metadata());
    for (key, _) in request.metadata() {
        let name = key.as_str();
        let ours = ["kafka_", "grpc-", "rpc-", "content-type"];
        assert!(!ours.iter().any(|ours| name.starts_with(ours)), "{name}");
    }
}

#[tokio::test]
async fn a_caller_sees_the_metadata_that_the_handler_set() {
    let world = World::embedded();
    let script = Scripted::new(|_| async {
        let mut response = receipt(Order::default());
        *response.metadata_mut() = some();
        Ok(response)
    });
    let _server = world.desk(script).await;
    let response = world.client().await.ask(Order::default()).await.unwrap();
    assert_some(response.metadata());
}

#[tokio::test]
async fn headers_of_another_make_are_metadata_in_lower_case() {
    let world = World::embedded();
    let (script, mut requests) = watched();
    let _server = world.desk(script).await;
    let topic = world.name("tests.v1.Desk.Ask");
    let request = Record::request(&topic, "1", &Order::default())
        .header("X-Tenant", "south")
        .header("spring_json_header_types", "{}")
        .header("raw-bin", [0, 159])
        .header("not-text", [0, 159])
        .null_header("nothing");
    Foreign::new(world.cluster()).write(request).await;
    let request = requests.next("a request comes").await;
    let metadata = request.metadata();
    assert_eq!(metadata.get("x-tenant").unwrap(), "south");
    assert_eq!(metadata.get("raw-bin").unwrap().as_bytes(), [0, 159]);
    assert_eq!(metadata.get("not-text"), None);
    assert_eq!(metadata.get("nothing").unwrap(), "");
}

#[tokio::test]
async fn a_handler_is_told_all_of_its_call() {
    let world = World::embedded();
    let (script, mut requests) = watched();
    let _server = world.desk(script).await;
    let mut desk = world.client().await;
    let begun = SystemTime::now();
    for number in 0..2 {
        let mut request = Request::new(Order::of("ada", number));
        request.set_timeout(Duration::from_secs(9));
        desk.place(request).await.unwrap();
    }
    let first = requests.next("a request comes").await;
    let second = requests.next("a request comes").await;

    let left = first.deadline().unwrap().remaining();
    assert!(
        left > Duration::from_secs(5) && left <= Duration::from_secs(9),
        "{left:?}"
    );
    assert_eq!(first.key(), Some(&b"ada"[..]));
    assert_eq!(
        first.method().unwrap().descriptor().path,
        "tests.v1.Desk/Place"
    );
    assert_eq!(first.method().unwrap().service().name, "tests.v1.Desk");
    let origin = |request: &Request<Order>| -> Origin { request.origin().unwrap().clone() };
    let (first, second) = (origin(&first), origin(&second));
    assert_eq!(&*first.topic, world.name("tests.v1.Desk.Place"));
    assert_eq!((first.partition, first.offset), (second.partition, 0));
    assert_eq!(second.offset, 1);
    // Kafka's clock counts milliseconds.
    let since = first
        .timestamp
        .duration_since(begun - Duration::from_millis(1))
        .unwrap();
    assert!(since < Duration::from_secs(10), "{since:?}");
}

#[tokio::test]
async fn a_request_without_a_key_has_none_and_a_callers_key_wins() {
    let world = World::embedded();
    let (script, mut requests) = watched();
    let _server = world.desk(script).await;
    let mut desk = world.client().await;
    desk.ask(Order::of("ada", 0)).await.unwrap();
    assert_eq!(requests.next("a request comes").await.key(), None);
    let mut request = Request::new(Order::of("ada", 0));
    request.set_key("bob");
    desk.place(request).await.unwrap();
    assert_eq!(
        requests.next("a request comes").await.key(),
        Some(&b"bob"[..])
    );
}

#[tokio::test]
async fn a_key_goes_where_the_clients_of_kafka_put_it() {
    let world = World::embedded();
    let (script, mut requests) = watched();
    let _server = world.desk(script).await;
    let mut desk = world.client().await;
    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Desk.Place");
    for account in ["ada", "bob", "cyd", "dan", "", "é"] {
        desk.place(Order::of(account, 0)).await.unwrap();
        let ours = requests
            .next("a request comes")
            .await
            .origin()
            .unwrap()
            .partition;
        let written = foreign.write(Record::to(&topic).key(account)).await;
        requests.next("the foreign request comes").await;
        assert_eq!(ours, written.partition, "{account}");
    }
}

//! How a failed call reaches its caller: code, message, details and metadata.

use kafka_rpc::prost_types::{Any, Duration};
use kafka_rpc::{Code, Metadata, MetadataValue, Response, Status};
use kafka_rpc_tests::service::{DeskClient, Order, Receipt, Scripted};
use kafka_rpc_tests::world::{Serving, World};

async fn answering(status: Status) -> (Serving, DeskClient) {
    let world = World::embedded();
    let script = Scripted::new(move |_| {
        let status = status.clone();
        async { Err::<Response<Receipt>, _>(status) }
    });
    (world.desk(script).await, world.client().await)
}

#[tokio::test]
async fn a_status_arrives_with_code_message_details_and_metadata() {
    let mut metadata = Metadata::new();
    metadata.insert("retry-after", 7.into()).unwrap();
    metadata.append("reason", "stock".parse().unwrap()).unwrap();
    metadata
        .append("reason", "credit".parse().unwrap())
        .unwrap();
    metadata
        .insert_bin("trail-bin", MetadataValue::from_bytes(&[0, 255, 10]))
        .unwrap();
    let sent = Status::with_details_and_metadata(
        Code::FailedPrecondition,
        "100 % ausverkauft:\n„Löffel“",
        vec![0, 1, 255].into(),
        metadata,
    );
    let (_server, mut desk) = answering(sent).await;
    let status = desk.ask(Order::default()).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(status.message(), "100 % ausverkauft:\n„Löffel“");
    assert_eq!(status.details(), [0, 1, 255]);
    let metadata = status.metadata();
    assert_eq!(metadata.get("retry-after").unwrap(), "7");
    let reasons: Vec<_> = metadata
        .get_all("reason")
        .map(|reason| reason.to_str())
        .collect();
    assert_eq!(reasons, [Ok("stock"), Ok("credit")]);
    assert_eq!(
        metadata.get_bin("trail-bin").unwrap().as_bytes(),
        [0, 255, 10]
    );
}

#[tokio::test]
async fn every_code_arrives_as_it_was_sent() {
    let world = World::embedded();
    let script = Scripted::new(|request| async move {
        let code = Code::from_i32(request.get_ref().number as i32);
        Err::<Response<Receipt>, _>(Status::new(code, format!("{code:?}")))
    });
    let _server = world.desk(script).await;
    let mut desk = world.client().await;
    for number in 1..=16 {
        let status = desk.ask(Order::number(number)).await.unwrap_err();
        assert_eq!(status.code() as u32, number);
        assert_eq!(status.message(), format!("{:?}", status.code()));
    }
}

#[tokio::test]
async fn detail_messages_arrive() {
    let pause = Duration {
        seconds: 5,
        nanos: 0,
    };
    let details = vec![Any::from_msg(&pause).unwrap()];
    let sent = Status::with_any_details(Code::Unavailable, "later", details);
    let (_server, mut desk) = answering(sent).await;
    let status = desk.ask(Order::default()).await.unwrap_err();
    let details = status.any_details().unwrap();
    assert_eq!(details.len(), 1);
    assert_eq!(details[0].to_msg::<Duration>(), Ok(pause));
}

#[tokio::test]
async fn a_failure_that_says_ok_is_unknown_to_its_caller() {
    let (_server, mut desk) = answering(Status::ok("but not really")).await;
    let status = desk.ask(Order::default()).await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::Unknown, "but not really")
    );
}

#[tokio::test]
async fn the_source_of_a_status_stays_at_the_server() {
    let mut sent = Status::internal("no disk");
    sent.set_source(std::sync::Arc::new(std::fmt::Error));
    let (_server, mut desk) = answering(sent).await;
    let status = desk.ask(Order::default()).await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::Internal, "no disk")
    );
    assert!(std::error::Error::source(&status).is_none());
}

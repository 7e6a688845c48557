//! What is too large is refused at once, wherever that is found out.

use std::time::{Duration, Instant};

use kafka_rpc::{Channel, Code, Metadata, Request, Response, Status};
use kafka_rpc_tests::service::{DeskClient, Order, Receipt, Scripted, receipt};
use kafka_rpc_tests::world::{World, desk};

/// The failure of a call, which has to come at once, not at the deadline of 30 seconds.
async fn at_once(call: impl Future<Output = Result<Response<Receipt>, Status>>) -> (Code, String) {
    let begun = Instant::now();
    let status = call.await.expect_err("it is too large");
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "after {:?}",
        begun.elapsed()
    );
    (status.code(), status.message().to_owned())
}

/// Answers with so many bytes as the order's number says.
fn sized() -> Scripted {
    Scripted::new(|request: Request<Order>| async move {
        Ok(receipt(Order::large(request.get_ref().number as usize)))
    })
}

fn heavy(bytes: usize) -> Metadata {
    let mut metadata = Metadata::new();
    metadata
        .insert("report", "x".repeat(bytes).parse().unwrap())
        .unwrap();
    metadata
}

#[tokio::test]
async fn a_request_over_the_channels_limit_is_not_sent() {
    let world = World::embedded();
    let mut desk = world.client().await;
    let (code, message) = at_once(desk.ask(Order::large(1024 * 1024))).await;
    assert_eq!(code, Code::ResourceExhausted);
    assert!(
        message.contains("the channel sends at most 1048576"),
        "{message}"
    );
}

#[tokio::test]
async fn a_request_over_the_producers_limit_is_refused_at_once() {
    let world = World::embedded();
    let channel = world
        .connect(Channel::builder().message_limit(64 << 20))
        .await;
    let mut desk = DeskClient::new(channel);
    let (code, message) = at_once(desk.ask(Order::large(2 << 20))).await;
    assert_eq!(code, Code::ResourceExhausted, "{message}");
}

#[tokio::test]
async fn a_request_over_the_servers_limit_is_refused() {
    let world = World::embedded();
    let _server = world.serve(desk(sized()).message_limit(1000)).await;
    let mut desk = world.client().await;
    let (code, message) = at_once(desk.ask(Order::large(1000))).await;
    assert_eq!(code, Code::ResourceExhausted);
    assert!(
        message.contains("the server takes at most 1000"),
        "{message}"
    );
}

#[tokio::test]
async fn a_message_of_nearly_a_mebibyte_goes_both_ways() {
    let world = World::embedded();
    let _server = world.desk(Scripted::echo()).await;
    let response = world
        .client()
        .await
        .ask(Order::large(1024 * 1024 - 16))
        .await
        .unwrap();
    assert_eq!(response.get_ref().payload.len(), 1024 * 1024 - 16);
}

#[tokio::test]
async fn a_reply_over_the_servers_limit_is_refused_at_once_and_the_server_goes_on() {
    let world = World::embedded();
    let _server = world.desk(sized()).await;
    let mut desk = world.client().await;
    let (code, message) = at_once(desk.ask(Order::number(1024 * 1024))).await;
    assert_eq!(code, Code::ResourceExhausted);
    assert!(
        message.contains("the server sends at most 1048576"),
        "{message}"
    );
    assert_eq!(
        desk.ask(Order::number(7))
            .await
            .unwrap()
            .get_ref()
            .payload
            .len(),
        7
    );
}

#[tokio::test]
async fn a_reply_over_the_producers_limit_is_refused_at_once_and_the_server_goes_on() {
    let world = World::embedded();
    let builder = desk(sized()).message_limit(64 << 20);
    let _server = world.serve(builder).await;
    let mut desk = world.client().await;
    let (code, message) = at_once(desk.ask(Order::number(2 << 20))).await;
    assert_eq!(code, Code::ResourceExhausted, "{message}");
    assert!(message.contains("more than its topic takes"), "{message}");
    assert_eq!(
        desk.ask(Order::number(7))
            .await
            .unwrap()
            .get_ref()
            .payload
            .len(),
        7
    );
}

#[tokio::test]
async fn a_reply_over_the_channels_limit_is_refused_by_the_channel() {
    let world = World::embedded();
    let _server = world.desk(sized()).await;
    let channel = world.connect(Channel::builder().message_limit(1000)).await;
    let mut desk = DeskClient::new(channel);
    let (code, message) = at_once(desk.ask(Order::number(1001))).await;
    assert_eq!(code, Code::ResourceExhausted);
    assert!(
        message.contains("the channel takes at most 1000"),
        "{message}"
    );
}

#[tokio::test]
async fn metadata_over_the_limit_is_not_sent() {
    let world = World::embedded();
    let mut desk = world.client().await;
    let mut request = Request::new(Order::default());
    *request.metadata_mut() = heavy(16 * 1024);
    let (code, message) = at_once(desk.ask(request)).await;
    assert_eq!(code, Code::InvalidArgument);
    assert!(message.contains("report"), "{message}");
    let mut request = Request::new(Order::default());
    for number in 0..64 {
        request.metadata_mut().append("tag", number.into()).unwrap();
    }
    let (code, message) = at_once(desk.ask(request)).await;
    assert_eq!(code, Code::InvalidArgument);
    assert!(message.contains("over the limit of 64"), "{message}");
}

#[tokio::test]
async fn a_replys_metadata_over_the_limit_is_refused_at_once() {
    let world = World::embedded();
    let script = Scripted::new(|request: Request<Order>| async move {
        let metadata = heavy(16 * 1024);
        if request.get_ref().number == 1 {
            return Err(Status::with_metadata(Code::NotFound, "none", metadata));
        }
        let mut response = receipt(Order::default());
        *response.metadata_mut() = metadata;
        Ok(response)
    });
    let _server = world.desk(script).await;
    let mut desk = world.client().await;
    for (number, was) in [(0, "Ok"), (1, "NotFound")] {
        let (code, message) = at_once(desk.ask(Order::number(number))).await;
        assert_eq!(code, Code::ResourceExhausted);
        assert!(
            message.contains(was) && message.contains("report"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn a_statuss_message_or_details_over_the_limit_are_refused_at_once() {
    let world = World::embedded();
    let script = Scripted::new(|request: Request<Order>| async move {
        Err::<Response<Receipt>, _>(match request.get_ref().number {
            0 => Status::aborted("x".repeat(20_000)),
            _ => Status::with_details(Code::Aborted, "", vec![0; 20_000].into()),
        })
    });
    let _server = world.desk(script).await;
    let mut desk = world.client().await;
    for number in 0..2 {
        let (code, message) = at_once(desk.ask(Order::number(number))).await;
        assert_eq!(code, Code::ResourceExhausted);
        assert!(message.contains("Aborted"), "{message}");
    }
}

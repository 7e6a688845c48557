//! Our calls, answered by servers of another make.

use kafka_rpc::Code;
use kafka_rpc_tests::foreign::{Foreign, Record};
use kafka_rpc_tests::service::{Order, Receipt};
use kafka_rpc_tests::soon;
use kafka_rpc_tests::world::World;

#[tokio::test]
async fn a_reply_in_another_encoding_than_asked_for_is_internal() {
    let world = World::embedded();
    let mut desk = world.client().await;
    let call = tokio::spawn(async move { desk.ask(Order::number(1)).await });
    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Desk.Ask");
    let request = foreign.read(&topic).next().await;
    let reply = answer_to(&request)
        .header("content-type", "application/json")
        .value("{}");
    foreign.write(reply).await;
    let status = soon("the call ends", call).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert!(status.message().contains("application/json"), "{status}");
}

/// A record where the caller of a request waits for its reply.
fn answer_to(request: &Record) -> Record {
    let partition = request.get("kafka_replyPartition").unwrap();
    let partition = i32::from_be_bytes(partition.try_into().unwrap());
    Record::to(request.text("kafka_replyTopic"))
        .partition(partition)
        .header(
            "kafka_correlationId",
            request.get("kafka_correlationId").unwrap(),
        )
}

#[tokio::test]
async fn a_reply_of_another_make_needs_no_more_than_the_correlation_id() {
    let world = World::embedded();
    let mut desk = world.client().await;
    let call = tokio::spawn(async move { desk.ask(Order::number(1)).await });
    let foreign = Foreign::new(world.cluster());
    let request = foreign.read(&world.name("tests.v1.Desk.Ask")).next().await;
    let receipt = Receipt {
        number: 5,
        ..Receipt::default()
    };
    foreign.write(answer_to(&request).message(&receipt)).await;
    let response = soon("the call ends", call).await.unwrap().unwrap();
    assert_eq!(response.get_ref(), &receipt);
}

/// How a call ends that is answered with nothing but its correlation id, and what `spoil` adds.
async fn outcome(spoil: impl FnOnce(Record) -> Record) -> Code {
    let world = World::embedded();
    let mut desk = world.client().await;
    let call = tokio::spawn(async move { desk.ask(Order::number(1)).await });
    let foreign = Foreign::new(world.cluster());
    let request = foreign.read(&world.name("tests.v1.Desk.Ask")).next().await;
    foreign.write(spoil(answer_to(&request))).await;
    let outcome = soon("the call ends", call).await.unwrap();
    outcome.unwrap_err().code()
}

#[tokio::test]
async fn a_reply_that_is_not_the_message_is_internal() {
    let code = outcome(|reply| reply.value([0xff, 0xff])).await;
    assert_eq!(code, Code::Internal);
}

#[tokio::test]
async fn a_reply_with_a_status_that_is_none_is_unknown() {
    for status in ["seven", "", "99", "-1"] {
        let code = outcome(|reply| reply.header("grpc-status", status)).await;
        assert_eq!(code, Code::Unknown, "{status}");
    }
}

#[tokio::test]
async fn a_reply_with_too_many_headers_is_refused_by_the_channel() {
    let code =
        outcome(|reply| (0..64).fold(reply, |reply, n| reply.header(format!("h{n}"), "v"))).await;
    assert_eq!(code, Code::ResourceExhausted);
}

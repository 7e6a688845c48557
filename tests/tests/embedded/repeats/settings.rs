use std::time::Duration;

use kafka_rpc::{
    Channel, Code, Error, HedgingPolicy, Method, Request, Response, RetryPolicy, Status,
};
use kafka_rpc_tests::service::{DeskClient, Order, Receipt};
use kafka_rpc_tests::world::World;

use super::{client, failing, quick};

const QUICK: RetryPolicy = RetryPolicy::new().initial_backoff(Duration::from_millis(5));

/// A desk whose description has policies.
#[kafka_rpc::service(name = "tests.v1.Desk", server = false)]
trait Stubborn {
    #[rpc(retry = QUICK.attempts(4))]
    async fn ask(&self, request: Request<Order>) -> Result<Response<Receipt>, Status>;
}

async fn stubborn(world: &World, settings: kafka_rpc::ChannelBuilder) -> StubbornClient {
    StubbornClient::new(world.connect(settings).await)
}

#[tokio::test]
async fn the_policy_of_the_description_counts_where_the_channel_has_none() {
    let world = World::embedded();
    let (script, mut requests) = failing(99, |_| Status::unavailable("not now"));
    let _server = world.desk(script).await;
    let service = <StubbornClient>::DESCRIPTOR;
    for (settings, attempts) in [
        (Channel::builder(), 4),
        (
            Channel::builder().retry_service(service, quick().attempts(2)),
            2,
        ),
        (
            Channel::builder()
                .retry_method(service, "Ask", quick().attempts(1))
                .retry_service(service, quick().attempts(2)),
            1,
        ),
        (
            Channel::builder()
                .retry_method(service, "Ask", quick().attempts(2))
                .retry_method(service, "Ask", quick().attempts(3)),
            3,
        ),
    ] {
        let mut desk = stubborn(&world, settings).await;
        desk.ask(Order::number(1)).await.unwrap_err();
        assert_eq!(requests.so_far().len(), attempts);
    }
}

#[tokio::test]
async fn a_method_without_a_policy_is_called_once() {
    let world = World::embedded();
    let (script, mut requests) = failing(99, |_| Status::unavailable("not now"));
    let _server = world.desk(script).await;
    let settings = Channel::builder().retry_method(<DeskClient>::DESCRIPTOR, "Ask", quick());
    let mut desk = client(&world, settings).await;
    desk.pay(Order::number(1)).await.unwrap_err();
    assert_eq!(requests.so_far().len(), 1);
    desk.ask(Order::number(1)).await.unwrap_err();
    assert_eq!(requests.so_far().len(), 3);
}

async fn refused(settings: kafka_rpc::ChannelBuilder) -> String {
    let world = World::embedded();
    match settings.connect(world.cluster()).await {
        Err(Error::Config(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn policies_that_can_not_be_are_refused_when_connecting() {
    let desk = <DeskClient>::DESCRIPTOR;
    let builder = Channel::builder;
    assert_eq!(
        refused(builder().retry_method(desk, "Aks", RetryPolicy::new())).await,
        "a policy is set for the method `Aks` of tests.v1.Desk, which has Ask, Place, Pay"
    );
    assert_eq!(
        refused(builder().hedge_method(desk, "Place", HedgingPolicy::new())).await,
        "calls of tests.v1.Desk/Place can't be hedged: its `idempotency_level` is not \
         NO_SIDE_EFFECTS"
    );
}

#[tokio::test]
async fn a_description_with_a_policy_that_can_not_be_is_told_to_the_caller() {
    use kafka_rpc::{MethodDescriptor, ServiceDescriptor};
    static BAD: ServiceDescriptor = ServiceDescriptor::new(
        "tests.v1.Bad",
        &[MethodDescriptor::new("Ask", "tests.v1.Bad/Ask").hedging(HedgingPolicy::new())],
    );
    let world = World::embedded();
    let mut channel = world.channel().await;
    assert!(Method::new(&BAD, 0).is_some());
    let call = kafka_rpc::codegen::call_unary::<_, Order, Receipt>(
        &mut channel,
        &BAD,
        0,
        Request::new(Order::number(1)),
    );
    let status = call.await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition, "{status}");
}

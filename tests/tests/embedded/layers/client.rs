use kafka_rpc::{Body, Code, Request, Response, Status};
use kafka_rpc_tests::service::{DeskClient, Order, Scripted, receipt};
use kafka_rpc_tests::sightings;
use kafka_rpc_tests::world::World;
use tower::ServiceBuilder;

use super::{step, step_back, tells_steps};

#[tokio::test]
async fn a_clients_layers_and_interceptors_see_requests_from_the_outside_in() {
    let world = World::embedded();
    let _server = world.desk(tells_steps()).await;
    let channel = ServiceBuilder::new()
        .map_request(|request: Request<Body>| {
            assert_eq!(
                request.method().unwrap().descriptor().path,
                "tests.v1.Desk/Ask"
            );
            step(request, "outer")
        })
        .map_response(|response: Response<Body>| step_back(response, "outer"))
        .map_request(|request: Request<Body>| step(request, "inner"))
        .service(world.channel().await);
    let mut desk =
        DeskClient::with_interceptor(channel, |request| Ok(step(request, "interceptor")));
    let response = desk.ask(Order::default()).await.unwrap();
    assert_eq!(response.get_ref().payload, b"interceptor outer inner");
    assert_eq!(response.metadata().get("step").unwrap(), "outer");
}

#[tokio::test]
async fn a_call_that_a_clients_interceptor_refuses_is_not_sent() {
    let world = World::embedded();
    let (seen, mut sights) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        seen.tell(request.get_ref().number);
        async { Ok(receipt(Order::default())) }
    });
    let _server = world.desk(script).await;
    let channel = world.channel().await;
    let mut closed = DeskClient::with_interceptor(channel.clone(), |_: Request<()>| {
        Err(Status::failed_precondition("closed"))
    });
    let status = closed.ask(Order::number(1)).await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::FailedPrecondition, "closed")
    );
    DeskClient::new(channel)
        .ask(Order::number(2))
        .await
        .unwrap();
    assert_eq!(sights.so_far(), [2]);
}

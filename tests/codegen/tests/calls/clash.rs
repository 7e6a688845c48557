use kafka_rpc::{Request, Response, Status};
use kafka_rpc_tests_codegen::clash::*;

use crate::direct::Direct;

struct Both;

impl GreeterService for Both {
    async fn greet(
        &self,
        request: Request<GreeterClient>,
    ) -> Result<Response<GreeterServer>, Status> {
        let greeting = format!("hello {}", request.get_ref().name);
        Ok(Response::new(GreeterServer { greeting }))
    }
}

impl CounterService for Both {
    async fn counter(&self, request: Request<Counter>) -> Result<Response<Counter>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

impl CounterServiceService for Both {
    async fn counter(&self, request: Request<Counter>) -> Result<Response<Counter>, Status> {
        let count = request.get_ref().count + 1;
        Ok(Response::new(Counter { count }))
    }
}

#[tokio::test]
async fn a_service_whose_names_are_taken_by_messages_has_an_ending() {
    let server = GreeterServiceServer::new(Both);
    let mut client = GreeterServiceClient::new(Direct::to(server));
    let name = "ada".to_owned();
    let reply = client
        .greet(GreeterClient { name })
        .await
        .expect("a greeting");
    assert_eq!(reply.into_inner().greeting, "hello ada");
    assert_eq!(<GreeterServiceClient>::DESCRIPTOR.name, "clash.Greeter");
}

#[tokio::test]
async fn a_service_whose_names_are_taken_by_a_service_has_an_ending() {
    let mut first = CounterServiceClient::new(Direct::to(CounterServiceServer::new(Both)));
    let mut second =
        CounterServiceServiceClient::new(Direct::to(CounterServiceServiceServer::new(Both)));
    let count =
        |reply: Result<Response<Counter>, Status>| reply.expect("a count").into_inner().count;
    assert_eq!(count(first.counter(Counter { count: 1 }).await), 1);
    assert_eq!(count(second.counter(Counter { count: 1 }).await), 2);
    assert_eq!(<CounterServiceClient>::DESCRIPTOR.name, "clash.counter");
    assert_eq!(
        <CounterServiceServiceClient>::DESCRIPTOR.name,
        "clash.CounterService"
    );
}

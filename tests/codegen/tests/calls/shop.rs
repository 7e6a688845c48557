use kafka_rpc::prost_types::Timestamp;
use kafka_rpc::{Code, Metadata, Request, Response, Status};
use kafka_rpc_tests_codegen::common::v1::Money;
use kafka_rpc_tests_codegen::shop::v1::*;

use crate::direct::Direct;

struct Shop;

fn key_of<T>(request: &Request<T>) -> String {
    let key = request
        .key()
        .map(|key| String::from_utf8_lossy(key).into_owned());
    key.unwrap_or_default()
}

impl Orders for Shop {
    async fn place_order(
        &self,
        request: Request<PlaceOrderRequest>,
    ) -> Result<Response<PlaceOrderReply>, Status> {
        let mut total = Money::default();
        for item in &request.get_ref().items {
            let price = item
                .price
                .as_ref()
                .ok_or_else(|| Status::invalid_argument(format!("{} has no price", item.name)))?;
            total.currency.clone_from(&price.currency);
            total.units += price.units;
        }
        // Something to wait for: a handler's future goes from thread to thread.
        tokio::task::yield_now().await;
        Ok(Response::new(PlaceOrderReply {
            order_id: key_of(&request),
            total: Some(total),
        }))
    }

    async fn get_order(&self, _: Request<GetOrderRequest>) -> Result<Response<Order>, Status> {
        Err(Status::not_found("no orders here"))
    }

    async fn clear(&self, _: Request<()>) -> Result<Response<()>, Status> {
        Ok(Response::new(()))
    }

    async fn next_id(&self, request: Request<String>) -> Result<Response<Timestamp>, Status> {
        Ok(Response::new(Timestamp {
            seconds: key_of(&request)
                .parse()
                .map_err(|_| Status::internal("no number"))?,
            nanos: 0,
        }))
    }

    async fn price(&self, request: Request<Item>) -> Result<Response<Money>, Status> {
        let mut response = Response::new(request.get_ref().price.clone().unwrap_or_default());
        *response.metadata_mut() = request.metadata().clone();
        Ok(response)
    }
}

impl Returns for Shop {
    async fn give_back(&self, _: Request<Order>) -> Result<Response<()>, Status> {
        Ok(Response::new(()))
    }
}

fn orders() -> OrdersClient<Direct<OrdersServer<Shop>>> {
    OrdersClient::new(Direct::to(OrdersServer::new(Shop)))
}

fn item(name: &str, units: i64) -> Item {
    Item {
        name: name.to_owned(),
        price: Some(Money {
            currency: "EUR".to_owned(),
            units,
        }),
    }
}

#[tokio::test]
async fn a_call_takes_a_message_and_brings_its_reply() {
    let request = PlaceOrderRequest {
        customer_id: "ada".to_owned(),
        items: vec![item("pen", 120), item("ink", 450)],
    };
    let reply = orders()
        .place_order(request)
        .await
        .expect("a reply")
        .into_inner();
    assert_eq!(reply.order_id, "ada", "the key is the customer");
    assert_eq!(reply.total.expect("a total").units, 570);
}

#[tokio::test]
async fn a_key_of_the_caller_comes_before_the_field() {
    let mut request = Request::new(PlaceOrderRequest {
        customer_id: "ada".to_owned(),
        ..Default::default()
    });
    request.set_key("grace");
    let reply = orders()
        .place_order(request)
        .await
        .expect("a reply")
        .into_inner();
    assert_eq!(reply.order_id, "grace");
}

#[tokio::test]
async fn a_status_comes_back_as_it_was() {
    let status = orders()
        .get_order(GetOrderRequest::default())
        .await
        .expect_err("no such order");
    assert_eq!(status.code(), Code::NotFound);
    assert_eq!(status.message(), "no orders here");
}

#[tokio::test]
async fn empty_is_a_request_and_a_reply() {
    orders()
        .clear(())
        .await
        .expect("an empty reply")
        .into_inner();
}

#[tokio::test]
async fn a_wrapper_is_a_request_and_its_own_key() {
    let reply = orders().next_id("42".to_owned()).await.expect("a time");
    assert_eq!(reply.into_inner().seconds, 42);
}

#[tokio::test]
async fn messages_and_metadata_of_another_package_pass() {
    let mut request = Request::new(item("pen", 120));
    request
        .metadata_mut()
        .insert("tenant", "a".parse().expect("a value"))
        .expect("a key");
    let reply = orders().price(request).await.expect("a price");
    let tenant = reply
        .metadata()
        .get("tenant")
        .expect("the tenant comes back");
    assert_eq!(tenant.to_str().expect("text"), "a");
    assert_eq!(reply.into_inner().units, 120);
}

#[tokio::test]
async fn the_second_service_of_a_file_has_its_own_client() {
    let mut returns = ReturnsClient::new(Direct::to(ReturnsServer::new(Shop)));
    returns
        .give_back(Order::default())
        .await
        .expect("an empty reply");
}

#[tokio::test]
async fn interceptors_stand_at_both_ends() {
    let server = OrdersServer::with_interceptor(Shop, |mut request: Request<()>| {
        let seen = request.metadata().get("seen").cloned();
        let seen = seen.ok_or_else(|| Status::unauthenticated("not seen"))?;
        request
            .metadata_mut()
            .insert("tenant", seen)
            .map_err(|_| Status::internal("key"))?;
        Ok(request)
    });
    let direct = Direct::to(server);
    let status = OrdersClient::new(direct.clone())
        .price(item("pen", 1))
        .await
        .expect_err("the server's interceptor refuses");
    assert_eq!(status.code(), Code::Unauthenticated);

    let mut client = OrdersClient::with_interceptor(direct, |mut request: Request<()>| {
        let value = "b".parse().map_err(|_| Status::internal("value"))?;
        request
            .metadata_mut()
            .insert("seen", value)
            .map_err(|_| Status::internal("key"))?;
        Ok(request)
    });
    let reply = client.price(item("pen", 1)).await.expect("a price");
    let tenant = |metadata: &Metadata| Some(metadata.get("tenant")?.to_str().ok()?.to_owned());
    assert_eq!(tenant(reply.metadata()), Some("b".to_owned()));
}

#[tokio::test]
async fn clients_are_used_from_many_tasks() {
    let client = orders();
    let calls = (0..8).map(|units| {
        let mut client = client.clone();
        tokio::spawn(async move { client.price(item("pen", units)).await })
    });
    for (units, call) in (0..).zip(calls.collect::<Vec<_>>()) {
        let reply = call.await.expect("the task ends").expect("a price");
        assert_eq!(reply.into_inner().units, units);
    }
}

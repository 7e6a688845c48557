//! The client's side.

use std::time::Duration;

use kafka_rpc::prost::Message;
use kafka_rpc::{BoxError, Channel, Cluster, Code, InterceptedService, Request, Status};

use crate::proto::{GetOrderRequest, OrdersClient, OutOfStock, PlaceOrderRequest};

/// What `with_interceptor` makes of a client.
type Customer = OrdersClient<InterceptedService<Channel, BringToken>>;
type BringToken = fn(Request<()>) -> Result<Request<()>, Status>;

/// Places orders, good ones and others.
pub async fn shop(cluster: &Cluster) -> Result<(), BoxError> {
    let channel = Channel::builder()
        .default_timeout(Duration::from_secs(10))
        // The topics are made sure of now, and not when a method is first called.
        .service(<OrdersClient>::DESCRIPTOR)
        .connect(cluster)
        .await?;
    let mut orders: Customer = OrdersClient::with_interceptor(channel, bring_token);

    place_three_at_once(&orders).await?;
    order_more_than_there_is(&mut orders).await?;
    have_no_patience(&mut orders).await?;
    ask_for_what_is_not_there(&mut orders).await
}

/// Adds the token to every request.
fn bring_token(mut request: Request<()>) -> Result<Request<()>, Status> {
    request
        .metadata_mut()
        .insert("authorization", crate::TOKEN.parse()?)?;
    Ok(request)
}

/// All three are on their way together, and yet are handled in the order in which they were sent,
/// since they have one key: the customer.
async fn place_three_at_once(orders: &Customer) -> Result<(), BoxError> {
    let (mut one, mut two, mut three) = (orders.clone(), orders.clone(), orders.clone());
    let (first, second, third) = tokio::try_join!(
        one.place_order(order("tea", 9)),
        two.place_order(order("mug", 3)),
        three.place_order(order("samovar", 1)),
    )?;
    if let Some(process) = first.metadata().get("served-by") {
        println!("handled by process {}:", process.to_str()?);
    }

    let mut orders = orders.clone();
    for reply in [first, second, third] {
        let order_id = reply.into_inner().order_id;
        let order = orders.get_order(GetOrderRequest { order_id }).await?;
        println!("  {:?}", order.into_inner());
    }
    Ok(())
}

/// The status brings a message that tells how many there are.
async fn order_more_than_there_is(orders: &mut Customer) -> Result<(), BoxError> {
    let status = refused(orders.place_order(order("samovar", 100)).await)?;
    println!("too many: {status}");
    for details in status.any_details()? {
        let details = OutOfStock::decode(&*details.value)?;
        println!("  {details:?}");
    }
    Ok(())
}

/// The call ends when its time is up, here and at the server.
async fn have_no_patience(orders: &mut Customer) -> Result<(), BoxError> {
    let mut request = Request::new(order("mug", 10_000));
    request.set_timeout(Duration::from_millis(200));
    let status = refused(orders.place_order(request).await)?;
    println!("too slow: {status}");
    Ok(())
}

async fn ask_for_what_is_not_there(orders: &mut Customer) -> Result<(), BoxError> {
    let order_id = "order-0".to_owned();
    let status = refused(orders.get_order(GetOrderRequest { order_id }).await)?;
    match status.code() {
        Code::NotFound => println!("not found: {}", status.message()),
        _ => return Err(status.into()),
    }
    Ok(())
}

fn order(article: &str, pieces: u32) -> PlaceOrderRequest {
    PlaceOrderRequest {
        customer_id: "ann".to_owned(),
        article: article.to_owned(),
        pieces,
    }
}

fn refused<T>(outcome: Result<T, Status>) -> Result<Status, BoxError> {
    match outcome {
        Ok(_) => Err("the shop did what it should have refused".into()),
        Err(status) => Ok(status),
    }
}

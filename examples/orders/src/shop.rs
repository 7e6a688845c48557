//! The server's side.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use kafka_rpc::prost::{Message, Name};
use kafka_rpc::prost_types::Any;
use kafka_rpc::{Cluster, Code, Error, Request, Response, Server, Status};

use crate::proto::{
    GetOrderRequest, Order, Orders, OrdersServer, OutOfStock, PlaceOrderReply, PlaceOrderRequest,
};

/// Serves a shop until `shutdown` is ready. Then the orders in hand are finished and answered, and
/// the rest is left to the next shop that opens.
pub async fn serve(
    cluster: &Cluster,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), Error> {
    Server::builder()
        .concurrency_limit(64)
        .drain_time(Duration::from_secs(5))
        .add_service(OrdersServer::with_interceptor(Shop::default(), authorize))
        .serve_with_shutdown(cluster, shutdown)
        .await
}

/// Refuses requests that do not bring the token.
fn authorize(request: Request<()>) -> Result<Request<()>, Status> {
    match request.metadata().get("authorization") {
        Some(token) if *token == *crate::TOKEN => Ok(request),
        _ => Err(Status::unauthenticated("the token is missing or wrong")),
    }
}

/// Keeps its orders in memory, so run one at a time: another would not know them.
struct Shop {
    orders: Mutex<Vec<Order>>,
    stock: Mutex<HashMap<String, u32>>,
}

impl Default for Shop {
    fn default() -> Self {
        let stock = [("tea", 100_000), ("mug", 100_000), ("samovar", 40)];
        let stock = stock.map(|(article, pieces)| (article.to_owned(), pieces));
        Self {
            orders: Mutex::default(),
            stock: Mutex::new(stock.into()),
        }
    }
}

impl Orders for Shop {
    async fn place_order(
        &self,
        request: Request<PlaceOrderRequest>,
    ) -> Result<Response<PlaceOrderReply>, Status> {
        let order = request.into_inner();
        if order.pieces == 0 {
            return Err(Status::invalid_argument("an order has at least one piece"));
        }
        // When the deadline passes, or the caller cancels, the handler is dropped here: nothing was
        // taken yet. Other orders of this customer wait meanwhile; those of others do not.
        wrap(order.pieces).await;
        self.take(&order)?;
        let order_id = self.keep(order);

        let mut response = Response::new(PlaceOrderReply { order_id });
        let process = std::process::id();
        response
            .metadata_mut()
            .insert("served-by", process.into())?;
        Ok(response)
    }

    async fn get_order(
        &self,
        request: Request<GetOrderRequest>,
    ) -> Result<Response<Order>, Status> {
        let wanted = request.into_inner().order_id;
        let orders = lock(&self.orders);
        match orders.iter().find(|order| order.order_id == wanted) {
            Some(order) => Ok(Response::new(order.clone())),
            None => Err(Status::not_found(format!("there is no order {wanted}"))),
        }
    }
}

impl Shop {
    fn take(&self, order: &PlaceOrderRequest) -> Result<(), Status> {
        let mut stock = lock(&self.stock);
        let Some(left) = stock.get_mut(&order.article) else {
            let article = &order.article;
            return Err(Status::not_found(format!("we do not sell {article:?}")));
        };
        if *left < order.pieces {
            return Err(out_of_stock(&order.article, *left));
        }
        *left -= order.pieces;
        Ok(())
    }

    fn keep(&self, order: PlaceOrderRequest) -> String {
        let mut orders = lock(&self.orders);
        let order_id = format!("order-{}", orders.len() + 1);
        orders.push(Order {
            order_id: order_id.clone(),
            customer_id: order.customer_id,
            article: order.article,
            pieces: order.pieces,
        });
        order_id
    }
}

/// A status that tells a program what it tells people.
fn out_of_stock(article: &str, left: u32) -> Status {
    let details = OutOfStock {
        article: article.to_owned(),
        left,
    };
    let details = Any {
        type_url: OutOfStock::type_url(),
        value: details.encode_to_vec(),
    };
    let message = format!("{left} left of {article:?}");
    Status::with_any_details(Code::FailedPrecondition, message, vec![details])
}

async fn wrap(pieces: u32) {
    tokio::time::sleep(Duration::from_millis(5) * pieces).await;
}

/// A handler that panicked while it held the lock must not take the shop along.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

//! Items that are no services.

#[kafka_rpc_macros::service(name = "shop.v1.Orders")]
struct NotATrait;

#[kafka_rpc_macros::service(name = "shop.v1.Orders")]
trait Generic<T> {}

#[kafka_rpc_macros::service(name = "shop.v1.Orders")]
trait Bounded
where
    Self: Clone,
{
}

#[kafka_rpc_macros::service(name = "shop.v1.Orders")]
unsafe trait Dangerous {}

#[kafka_rpc_macros::service(name = "shop.v1.Orders")]
trait TwoOfOneName {
    async fn place_order(&self, request: Request<()>) -> Result<Response<()>, Status>;

    #[rpc(name = "PlaceOrder")]
    async fn place_another(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}

//! Topics that contradict the layout of the service.

#[kafka_rpc_macros::service(name = "shop.v1.Orders", topics = "PER_SERVICE")]
trait Orders {
    #[rpc(topic = "shop.orders")]
    async fn place(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

#[kafka_rpc_macros::service(name = "shop.v1.Carts")]
trait Carts {
    #[rpc(topic = "..")]
    async fn fill(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}

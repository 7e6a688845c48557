//! Calls that can't be handled again.

#[kafka_rpc_macros::service(name = "shop.v1.Prices")]
trait Prices {
    #[rpc(delivery = "AT_MOST_ONCE", redelivery = Redelivery::new())]
    async fn at_most_once(&self, request: Request<()>) -> Result<Response<()>, Status>;

    #[rpc(redelivery = Redelivery::new().attempts(2))]
    async fn stream_of_requests(
        &self,
        request: Request<Streaming<Ask>>,
    ) -> Result<Response<()>, Status>;

    #[rpc(redelivery = POLICY, routing = "ALL")]
    async fn to_all(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}

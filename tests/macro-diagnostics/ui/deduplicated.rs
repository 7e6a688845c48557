//! Calls that can't be deduplicated.

#[kafka_rpc_macros::service(name = "bank.v1.Payments")]
trait Payments {
    #[rpc(delivery = "AT_MOST_ONCE", deduplicated = true)]
    async fn at_most_once(&self, request: Request<()>) -> Result<Response<()>, Status>;

    #[rpc(deduplicated = true)]
    async fn stream_of_requests(
        &self,
        request: Request<Streaming<Payment>>,
    ) -> Result<Response<()>, Status>;

    #[rpc(deduplicated = true, routing = "ALL")]
    async fn to_all(&self, request: Request<()>) -> Result<Response<()>, Status>;

    #[rpc(idempotency = "NO_SIDE_EFFECTS", hedging = POLICY, deduplicated = true)]
    async fn hedged(&self, request: Request<()>) -> Result<Response<()>, Status>;

    #[rpc(deduplicated = "yes")]
    async fn text(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}

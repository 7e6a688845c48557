//! Calls that can't be repeated so.

#[kafka_rpc_macros::service(name = "shop.v1.Prices")]
trait Prices {
    #[rpc(retry = RetryPolicy::new().attempts(2))]
    async fn stream_of_requests(
        &self,
        request: Request<Streaming<Ask>>,
    ) -> Result<Response<()>, Status>;

    #[rpc(idempotency = "NO_SIDE_EFFECTS", hedging = POLICY)]
    async fn stream_of_replies(
        &self,
        request: Request<Ask>,
    ) -> Result<Response<impl Stream<Item = Result<Quote, Status>> + Send>, Status>;

    #[rpc(retry = POLICY, routing = "ALL")]
    async fn to_all(&self, request: Request<()>) -> Result<Response<()>, Status>;

    #[rpc(hedging = HedgingPolicy::new())]
    async fn side_effects(&self, request: Request<()>) -> Result<Response<()>, Status>;

    #[rpc(hedging = HedgingPolicy::new(), idempotency = "IDEMPOTENT")]
    async fn idempotent(&self, request: Request<()>) -> Result<Response<()>, Status>;

    #[rpc(key = "id", hedging = POLICY, idempotency = "NO_SIDE_EFFECTS")]
    async fn with_a_key(&self, request: Request<Ask>) -> Result<Response<()>, Status>;

    #[rpc(retry = POLICY, hedging = OTHER, idempotency = "NO_SIDE_EFFECTS")]
    async fn both(&self, request: Request<Ask>) -> Result<Response<()>, Status>;
}

fn main() {}

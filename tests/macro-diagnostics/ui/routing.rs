//! Calls to all instances that could not be made.

#[kafka_rpc_macros::service(name = "shop.v1.Prices")]
trait Prices {
    #[rpc(routing = "EVERY")]
    async fn unknown_routing(&self, request: Request<()>) -> Result<Response<()>, Status>;

    #[rpc(routing = "ALL")]
    async fn stream_of_requests(
        &self,
        request: Request<Streaming<Ask>>,
    ) -> Result<Response<()>, Status>;

    #[rpc(resumable = true, routing = "ALL")]
    async fn stream_of_replies(
        &self,
        request: Request<Ask>,
    ) -> Result<Response<impl Stream<Item = Result<Quote, Status>> + Send>, Status>;

    #[rpc(routing = "ALL", resumable = true)]
    async fn resumable(&self, request: Request<()>) -> Result<Response<()>, Status>;

    #[rpc(routing = "ALL", delivery = "AT_MOST_ONCE")]
    async fn at_most_once(&self, request: Request<()>) -> Result<Response<()>, Status>;

    #[rpc(delivery = "AT_LEAST_ONCE", routing = "ALL")]
    async fn at_least_once(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

#[kafka_rpc_macros::service(name = "shop.v1.Carts", topics = "PER_SERVICE")]
trait Carts {
    #[rpc(routing = "ALL", topic = "carts.empty")]
    async fn topic_of_its_own(&self, request: Request<()>) -> Result<Response<()>, Status>;

    #[rpc(routing = "ONE", topic = "carts.fill")]
    async fn topic_of_the_service(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}

//! Arguments of `#[rpc]` that are not understood, each told at its own method.

#[kafka_rpc_macros::service(name = "shop.v1.Orders")]
trait Orders {
    #[rpc(delivry = "AT_MOST_ONCE")]
    async fn unknown_argument(&self, request: Request<()>) -> Result<Response<()>, Status>;

    #[rpc(delivery = "AT_MSOT_ONCE")]
    async fn unknown_delivery(&self, request: Request<()>) -> Result<Response<()>, Status>;

    #[rpc(idempotency = "MAYBE")]
    async fn unknown_idempotency(&self, request: Request<()>) -> Result<Response<()>, Status>;

    #[rpc(name = "place order")]
    async fn bad_name(&self, request: Request<()>) -> Result<Response<()>, Status>;

    #[rpc(key = "customer..id")]
    async fn empty_step_in_key(&self, request: Request<()>) -> Result<Response<()>, Status>;

    #[rpc(key = "customer.type")]
    async fn keyword_in_key(&self, request: Request<()>) -> Result<Response<()>, Status>;

    #[rpc(key = "customer?")]
    async fn optional_end_of_key(&self, request: Request<()>) -> Result<Response<()>, Status>;

    #[rpc(input = "shop.v1.Order")]
    async fn lone_input(&self, request: Request<()>) -> Result<Response<()>, Status>;

    #[rpc(name = "A")]
    #[rpc(key = "b")]
    async fn twice(&self, request: Request<()>) -> Result<Response<()>, Status>;

    #[cfg(test)]
    async fn conditional(&self, request: Request<()>) -> Result<Response<()>, Status>;
}

fn main() {}

//! Methods of the wrong shape, each told at its own method.

#[kafka_rpc_macros::service(name = "shop.v1.Orders")]
trait Orders {
    fn not_async(&self, request: Request<()>) -> Result<Response<()>, Status>;

    async fn no_receiver(request: Request<()>) -> Result<Response<()>, Status>;

    async fn nothing_at_all() -> Result<Response<()>, Status>;

    async fn exclusive(&mut self, request: Request<()>) -> Result<Response<()>, Status>;

    async fn by_value(self, request: Request<()>) -> Result<Response<()>, Status>;

    async fn no_request(&self) -> Result<Response<()>, Status>;

    async fn two_requests(&self, a: Request<()>, b: Request<()>) -> Result<Response<()>, Status>;

    async fn bare_message(&self, request: String) -> Result<Response<()>, Status>;

    async fn no_result(&self, request: Request<()>);

    async fn no_response(&self, request: Request<()>) -> Result<String, Status>;

    async fn generic<T>(&self, request: Request<T>) -> Result<Response<()>, Status>;

    async fn bounded(&self, request: Request<()>) -> Result<Response<()>, Status>
    where
        Self: Clone;

    async unsafe fn dangerous(&self, request: Request<()>) -> Result<Response<()>, Status>;

    async fn new(&self, request: Request<()>) -> Result<Response<()>, Status>;

    const LIMIT: usize;
}

fn main() {}

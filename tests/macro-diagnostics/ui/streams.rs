//! Streams in the wrong place or of the wrong form, each told at its own method.

#[kafka_rpc_macros::service(name = "shop.v1.Orders")]
trait Orders {
    async fn stream_of_requests(
        &self,
        request: Request<impl Stream<Item = Ask>>,
    ) -> Result<Response<()>, Status>;

    async fn boxed_requests(
        &self,
        request: Request<Pin<Box<dyn Stream<Item = Ask> + Send>>>,
    ) -> Result<Response<()>, Status>;

    async fn bare_streaming(&self, request: Streaming<Ask>) -> Result<Response<()>, Status>;

    async fn two_messages(
        &self,
        request: Request<Streaming<Ask, Ask>>,
    ) -> Result<Response<()>, Status>;

    async fn streaming_reply(
        &self,
        request: Request<Ask>,
    ) -> Result<Response<Streaming<Quote>>, Status>;

    async fn bare_items(
        &self,
        request: Request<Ask>,
    ) -> Result<Response<impl Stream<Item = Quote> + Send>, Status>;

    async fn no_items(
        &self,
        request: Request<Ask>,
    ) -> Result<Response<impl Stream + Send>, Status>;

    async fn no_stream(
        &self,
        request: Request<Ask>,
    ) -> Result<Response<impl Iterator<Item = Quote>>, Status>;

    async fn bare_stream(
        &self,
        request: Request<Ask>,
    ) -> Result<Response<Stream<Item = Result<Quote, Status>>>, Status>;

    async fn boxed_stream(
        &self,
        request: Request<Ask>,
    ) -> Result<Response<Pin<Box<dyn Stream<Item = Result<Quote, Status>> + Send>>>, Status>;

    async fn named_box(
        &self,
        request: Request<Ask>,
    ) -> Result<Response<BoxStream<'static, Result<Quote, Status>>>, Status>;

    async fn stream_without_a_response(
        &self,
        request: Request<Ask>,
    ) -> Result<impl Stream<Item = Result<Quote, Status>> + Send, Status>;

    #[rpc(key = "account")]
    async fn keyed_stream(
        &self,
        request: Request<Streaming<Ask>>,
    ) -> Result<Response<()>, Status>;

    #[rpc(resumable = true)]
    async fn resumable_message(&self, request: Request<Ask>) -> Result<Response<Quote>, Status>;

    #[rpc(resumable = true)]
    async fn resumable_requests(
        &self,
        request: Request<Streaming<Ask>>,
    ) -> Result<Response<impl Stream<Item = Result<Quote, Status>> + Send>, Status>;

    #[rpc(resumable = "yes")]
    async fn no_switch(
        &self,
        request: Request<Ask>,
    ) -> Result<Response<impl Stream<Item = Result<Quote, Status>> + Send>, Status>;
}

fn main() {}

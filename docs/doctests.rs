//! The README and the book as documentation of modules, so that their Rust is compiled, and run
//! where it can be.

macro_rules! pages {
    ($($module:ident $path:literal)*) => {$(
        #[doc = include_str!($path)]
        mod $module {}
    )*};
}

pages! {
    readme "../README.md"
    introduction "src/introduction.md"
    getting_started "src/getting-started.md"
    defining_services "src/defining-services.md"
    server "src/server.md"
    client "src/client.md"
    streams "src/streams.md"
    semantics "src/semantics.md"
    wire_contract "src/wire-contract.md"
    configuration "src/configuration.md"
    topics_and_rights "src/topics-and-rights.md"
    observability "src/observability.md"
    performance "src/performance.md"
    testing "src/testing.md"
    json "src/json.md"
    dead_letters "src/dead-letters.md"
    porting_from_tonic "src/porting-from-tonic.md"
}

/// What the examples of the pages take for granted: the service of the README, and a stand-in for
/// its implementation.
#[allow(
    missing_docs,
    reason = "the .proto of the README has no comments on messages"
)]
pub mod shop {
    use kafka_rpc::{Request, Response, Status};

    kafka_rpc::include_proto!("shop.v1");

    pub struct Shop;

    impl Orders for Shop {
        async fn place_order(
            &self,
            request: Request<PlaceOrderRequest>,
        ) -> Result<Response<PlaceOrderReply>, Status> {
            let order_id = format!("{}-1", request.get_ref().customer_id);
            Ok(Response::new(PlaceOrderReply { order_id }))
        }
    }
}

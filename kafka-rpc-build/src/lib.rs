//! Compiles `.proto` services for [kafka-rpc] in `build.rs`.
//!
//! ```no_run
//! // build.rs
//! fn main() -> Result<(), kafka_rpc_build::Error> {
//!     kafka_rpc_build::compile_protos(&["proto/shop.proto"], &["proto"])
//! }
//! ```
//!
//! `kafka_rpc::include_proto!("shop.v1")` then brings in the package `shop.v1`: its messages, as
//! [prost] has them, and for each service, such as `Orders`, a trait `Orders` to implement,
//! `OrdersServer` to serve an implementation, and `OrdersClient` to call one. No `protoc` is needed,
//! and no other dependency than kafka-rpc itself.
//!
//! # Options
//! `import "kafka_rpc/options.proto";` needs no include path. It says how calls travel:
//! ```proto
//! service Orders {
//!   // Orders of one customer are handled in order.
//!   rpc PlaceOrder(PlaceOrderRequest) returns (PlaceOrderReply) {
//!     option (kafka_rpc.method) = { key: "customer_id" };
//!   }
//! }
//! ```
//!
//! | option | field | value |
//! |---|---|---|
//! | `(kafka_rpc.method)` | `key` | the field of the request that keys the record; a path such as `customer.id` |
//! | | `delivery` | `AT_LEAST_ONCE` (default) or `AT_MOST_ONCE` |
//! | | `topic` | the request topic |
//! | | `resumable` | `true`: a stream of replies goes on where the next server takes over |
//! | | `routing` | `ONE` (default), or `ALL`: the call goes to all live instances of the server |
//! | | `retry` | `{ attempts: 5 codes: [UNAVAILABLE, ABORTED] }`: the client makes calls again that fail with these codes |
//! | | `hedging` | `{ delay_ms: 50 }`: the client makes another attempt beside one that takes so long |
//! | | `redelivery` | `{ attempts: 5 codes: [UNAVAILABLE, ABORTED] }`: the server handles calls again that fail with these codes |
//! | | `deduplicated` | `true`: calls with one idempotency key take effect once |
//! | `(kafka_rpc.service)` | `topics` | `PER_METHOD` (default) or `PER_SERVICE` |
//! | | `topic` | the request topic of a `PER_SERVICE` service |
//! | | `group` | the consumer group of the servers |
//!
//! Protobuf's own `idempotency_level` and `deprecated` are read too.
//!
//! # Names
//! Names become Rust names as prost makes them. Where those are taken, an ending makes others: the
//! functions that every client has (`new`, `with_interceptor`, `clone`, `clone_into`, `into`,
//! `to_owned`, `try_into`) get a `_`, and a service beside a message of its name, or of its server's
//! or client's, gets `Service`. A part of a package that is a keyword is raw in the file's name too:
//! `include_proto!("shop.r#type")`. What has no package is in `"_"`.
//!
//! [kafka-rpc]: https://docs.rs/kafka-rpc
//! [prost]: https://docs.rs/prost

mod builder;
mod cargo;
mod compile;
mod error;
mod generate;
mod ident;
mod options;
mod service;
mod source;

use std::path::Path;

pub use builder::Builder;
pub use error::Error;

/// Compiles `.proto` files with the default settings. Imports are looked for in the folders
/// `includes`, where the files themselves must be too.
///
/// # Errors
/// As [`Builder::compile_protos`].
pub fn compile_protos<P: AsRef<Path>>(protos: &[P], includes: &[P]) -> Result<(), Error> {
    configure().compile_protos(protos, includes)
}

/// Settings to change before compiling.
pub fn configure() -> Builder {
    Builder::new()
}

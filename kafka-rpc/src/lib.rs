//! Protobuf services over Apache Kafka.
//!
//! A request is a record on a request topic, a consumer group of servers handles it, and the reply
//! is a record on a reply topic. [`Request`], [`Response`], [`Status`], [`Code`] and [`Metadata`]
//! carry the names and shapes that gRPC's users know.
//!
//! As a rule a service is a `.proto`, which `kafka-rpc-build` compiles in `build.rs` and
//! [`include_proto!`] brings in. Here it is a trait, and server and client are in one program, on a
//! broker in the same process:
//!
//! ```
//! use kafka_rpc::{Channel, Cluster, Request, Response, Server, Status};
//!
//! #[kafka_rpc::service(name = "math.v1.Roots")]
//! trait Roots {
//!     async fn square_root(&self, request: Request<u64>) -> Result<Response<u64>, Status>;
//! }
//!
//! struct Whole;
//!
//! impl Roots for Whole {
//!     async fn square_root(&self, request: Request<u64>) -> Result<Response<u64>, Status> {
//!         let square = request.into_inner();
//!         match square.isqrt() {
//!             root if root * root == square => Ok(Response::new(root)),
//!             _ => Err(Status::invalid_argument(format!("{square} has no whole root"))),
//!         }
//!     }
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), kafka_rpc::BoxError> {
//! let cluster = Cluster::embedded()?;
//! let server = Server::builder().add_service(RootsServer::new(Whole));
//! let handle = server.handle();
//! let running = tokio::spawn(server.serve(&cluster));
//!
//! let mut roots = RootsClient::new(Channel::connect(&cluster).await?);
//! assert_eq!(roots.square_root(49).await?.into_inner(), 7);
//! assert_eq!(roots.square_root(50).await.unwrap_err().message(), "50 has no whole root");
//!
//! handle.shutdown();
//! running.await??;
//! # Ok(())
//! # }
//! ```
//!
//! - [`Server::builder`] hosts services, [`Channel`] calls them, [`Cluster`] says where Kafka is.
//! - [`service`](macro@service) documents what is generated, and its arguments.
//! - [`telemetry`] documents spans, traces and metrics.
//!
//! What a call means, the wire contract and all settings are in the book, in the repository's folder
//! `docs`.

mod call;
mod chunks;
mod client;
mod cluster;
#[doc(hidden)]
pub mod codegen;
mod dead_letters;
mod descriptor;
mod error;
mod hashing;
#[cfg(feature = "__measured")]
#[doc(hidden)]
pub mod measured;
mod outside;
mod pace;
mod random;
pub mod server;
#[cfg(feature = "__simulated")]
#[doc(hidden)]
pub mod simulation;
mod stream;
pub mod telemetry;
mod transport;
mod wire;

pub use call::{
    Answer, Answers, Body, BoxError, CallHandle, Code, Deadline, Extensions, GetAll,
    IdempotencyKey, InterceptedFuture, InterceptedService, Interceptor, IntoRequest,
    IntoStreamingRequest, InvalidHandle, InvalidIdempotencyKey, InvalidMetadata, Metadata,
    MetadataIter, MetadataKey, MetadataMap, MetadataValue, Origin, Outbox, OutboxRecord, Pushback,
    Request, RequestParts, Response, Status, Streaming, ToStrError, Trailers,
};
pub use client::{CallFuture, Channel, ChannelBuilder, RetryBudget};
pub use cluster::{Cluster, Sasl, Tls, TopicSettings};
pub use dead_letters::{DeadLetter, DeadLetters, DeadLettersError, LetterCause, LetterId};
pub use descriptor::{
    Delivery, HedgingPolicy, Idempotency, Method, MethodDescriptor, Redelivery, Repeats,
    RetryPolicy, Routing, ServiceDescriptor, TopicLayout,
};
pub use error::{Error, TopicProblem, TopicProblems};
pub use kafka_rpc_macros::service;
pub use prost;
pub use prost_types;
#[cfg(feature = "redb")]
pub use server::DiskStore;
pub use server::{
    DeduplicatedCall, DeduplicationStore, MemoryStore, Server, ServerBuilder, ServerHandle,
};

/// The largest message in bytes that a channel sends or a server takes unless set: 1 MiB.
pub(crate) const DEFAULT_MESSAGE_LIMIT: usize = 1024 * 1024;

#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing {
    pub use crate::stream::properties::stream_frames;
    pub use crate::wire::properties::{NAMES, reply, request, status_message, timeout};
}

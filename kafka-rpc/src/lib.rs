//! Protobuf services over Apache Kafka.
//!
//! A request is a record on a request topic, a consumer group of servers handles it, and the reply
//! is a record on a reply topic. [`Request`], [`Response`], [`Status`], [`Code`] and [`Metadata`]
//! carry the names and shapes that gRPC's users know.

mod call;
mod client;
mod cluster;
#[doc(hidden)]
pub mod codegen;
mod descriptor;
mod error;
pub mod server;
pub mod telemetry;
mod transport;
mod wire;

pub use call::{
    Body, BoxError, Code, Deadline, Extensions, GetAll, InterceptedFuture, InterceptedService,
    Interceptor, IntoRequest, InvalidMetadata, Metadata, MetadataIter, MetadataKey, MetadataMap,
    MetadataValue, Origin, Request, RequestParts, Response, Status, ToStrError,
};
pub use client::{CallFuture, Channel, ChannelBuilder};
pub use cluster::{Cluster, Sasl, Tls, TopicSettings};
pub use descriptor::{
    Delivery, Idempotency, Method, MethodDescriptor, ServiceDescriptor, TopicLayout,
};
pub use error::{Error, TopicProblem, TopicProblems};
pub use kafka_rpc_macros::service;
pub use prost;
pub use prost_types;
pub use server::{Server, ServerBuilder, ServerHandle};

/// The largest message in bytes that a channel sends or a server takes unless set: 1 MiB.
pub(crate) const DEFAULT_MESSAGE_LIMIT: usize = 1024 * 1024;

#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub use wire::properties as fuzzing;

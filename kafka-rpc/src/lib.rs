//! Protobuf services over Apache Kafka.
//!
//! A request is a record on a request topic, a consumer group of servers handles it, and the reply
//! is a record on a reply topic. [`Request`], [`Response`], [`Status`], [`Code`] and [`Metadata`]
//! carry the names and shapes that gRPC's users know.

mod call;
#[doc(hidden)]
pub mod codegen;
mod descriptor;
pub mod server;
#[allow(dead_code)]
mod wire;

pub use call::{
    Body, BoxError, Code, Deadline, Extensions, GetAll, InterceptedFuture, InterceptedService,
    Interceptor, IntoRequest, InvalidMetadata, Metadata, MetadataIter, MetadataKey, MetadataMap,
    MetadataValue, Origin, Request, RequestParts, Response, Status, ToStrError,
};
pub use descriptor::{
    Delivery, Idempotency, Method, MethodDescriptor, ServiceDescriptor, TopicLayout,
};
pub use prost;
pub use prost_types;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub use wire::properties as fuzzing;

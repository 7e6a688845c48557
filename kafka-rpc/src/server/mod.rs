//! The server's side: what handles calls.

mod builder;
mod calls;
mod codec;
mod dead_letters;
mod deduplication;
mod dispatch;
mod handler;
#[cfg(feature = "json")]
mod json;
mod lifecycle;
mod member;
mod policies;
mod progress;
mod reply;
mod router;
mod routes;
mod run;
mod service;
mod streams;
mod writer;

pub use builder::{Server, ServerBuilder};
#[cfg(feature = "redb")]
pub use deduplication::DiskStore;
pub use deduplication::{DeduplicatedCall, DeduplicationStore, MemoryStore};
#[cfg(feature = "__measured")]
pub(crate) use dispatch::{Dispatch, Limits, Submission};
pub use lifecycle::ServerHandle;
#[cfg(feature = "__measured")]
pub(crate) use progress::Progress;
pub use routes::Routes;
pub use service::{BoxFuture, RpcService};

//! The server's side: what handles calls.

#[cfg(feature = "json")]
mod json;
mod service;

pub use service::{BoxFuture, RpcService};

//! The server's side: what handles calls.

mod service;

pub use service::{BoxFuture, RpcService};

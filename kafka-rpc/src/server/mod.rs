//! The server's side: what handles calls.

mod progress;
mod service;

pub use service::{BoxFuture, RpcService};

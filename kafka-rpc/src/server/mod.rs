//! The server's side: what handles calls.

mod dispatch;
mod progress;
mod service;

pub use service::{BoxFuture, RpcService};

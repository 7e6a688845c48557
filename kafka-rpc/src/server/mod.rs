//! The server's side: what handles calls.

mod dispatch;
mod progress;
mod service;

pub use builder::{Server, ServerBuilder};
pub use lifecycle::ServerHandle;
pub use routes::Routes;
pub use service::{BoxFuture, RpcService};

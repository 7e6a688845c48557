//! The server's side: what handles calls.

mod builder;
mod calls;
mod codec;
mod dispatch;
mod handler;
#[cfg(feature = "json")]
mod json;
mod lifecycle;
mod member;
mod progress;
mod reply;
mod router;
mod routes;
mod run;
mod service;

pub use builder::{Server, ServerBuilder};
pub use lifecycle::ServerHandle;
pub use routes::Routes;
pub use service::{BoxFuture, RpcService};

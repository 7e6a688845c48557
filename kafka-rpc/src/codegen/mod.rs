//! What generated code is made of, besides the public types. It is no part of the stable interface.

mod call_all;
mod call_streams;
mod client;
mod driven;
mod handle_streams;
mod include;
mod key;
mod once;
mod server;

pub use bytes;
pub use futures_util::Stream;
pub use futures_util::stream::Empty;
pub use prost;
pub use prost_types;
pub use std;

pub use call_all::call_all;
pub use call_streams::{call_client_streaming, call_server_streaming, call_streaming};
pub use client::{CallService, UnaryCall, call_unary};
pub use driven::{Delivered, Outlet};
pub use handle_streams::{client_streaming, server_streaming, streaming};
pub use key::{KeyField, default_key};
pub use once::unary_once;
pub use server::{Unary, unary, unknown_method};

/// What to call a message in an error: its protobuf name, or its Rust name where it has none.
fn message_name<M>(declared: &'static str) -> &'static str {
    if declared.is_empty() {
        std::any::type_name::<M>()
    } else {
        declared
    }
}

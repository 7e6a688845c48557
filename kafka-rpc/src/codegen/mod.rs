//! What generated code is made of, besides the public types. It is no part of the stable interface.

mod client;
mod include;
mod key;
mod server;

pub use bytes;
pub use prost;
pub use prost_types;
pub use std;

pub use client::{CallService, UnaryCall, call_unary};
pub use key::{KeyField, default_key};
pub use server::{Unary, unary, unknown_method};

/// What to call a message in an error: its protobuf name, or its Rust name where it has none.
fn message_name<M>(declared: &'static str) -> &'static str {
    if declared.is_empty() {
        std::any::type_name::<M>()
    } else {
        declared
    }
}

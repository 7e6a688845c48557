//! Calls in JSON: requests are turned into protobuf before a handler sees them, and replies back
//! into JSON.
//!
//! The form is [protobuf's own](https://protobuf.dev/programming-guides/json). prost-reflect reads
//! it. Replies are written here, since prost-reflect would overflow the stack on a deep nest of
//! `google.protobuf.Any`, lose a NaN or infinity in a `DoubleValue`, and write without a limit.

mod bounded;
mod codec;
mod message;
#[cfg(test)]
mod tests;
mod well_known;
mod writer;

pub(crate) use codec::JsonCodec;

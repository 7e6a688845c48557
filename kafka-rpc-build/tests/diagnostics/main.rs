//! What a user reads after a mistake in a `.proto`.
//!
//! After a change that is meant to be, `UPDATE_EXPECT=1 cargo test -p kafka-rpc-build` writes the
//! expected texts anew.

mod compiler;
mod deduplicated;
mod descriptor_set;
mod folder;
mod key;
mod names;
mod options;
mod redelivery;
mod repeats;
mod routing;
mod settings;
mod streaming;
mod topics;

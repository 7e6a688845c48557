//! A server of the [`Desk`](crate::service::Desk) in a process of its own, to be killed.
//!
//! It answers each order with what the order said, and appends a line to a file whenever a handler begins, so that a test
//! can tell which orders were handled, where, and how often.

mod process;
mod runs;
mod serve;
mod settings;

pub use process::DeskServer;
pub use runs::{Run, Runs};
pub use serve::serve;
pub use settings::Settings;

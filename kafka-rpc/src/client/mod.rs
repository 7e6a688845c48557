//! The caller's side: a channel, and what keeps its calls.

mod attempts;
mod builder;
mod call;
mod caller;
mod channel;
mod enqueue;
mod gather;
mod open_calls;
mod pending;
mod records;
mod replies;
mod route;
mod search;
mod spread;
mod streams;
mod waiting;

pub use attempts::RetryBudget;
pub use builder::ChannelBuilder;
pub use channel::{CallFuture, Channel};
#[cfg(feature = "__measured")]
pub(crate) use pending::PendingCalls;

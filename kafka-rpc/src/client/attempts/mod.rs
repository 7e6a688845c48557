//! A call's attempts: one request and what comes of it, and further ones where a policy has them.

mod budget;
mod course;
mod exchange;
mod policies;
mod repeating;
mod resending;

use std::pin::Pin;

use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep, sleep_until};

pub use self::budget::RetryBudget;
pub(super) use self::budget::Tokens;
pub(super) use self::exchange::Exchange;
pub(super) use self::policies::Policies;
pub(super) use self::repeating::{Repeating, Request};

/// A timer of the runtime that polls the call; `None` where it is polled outside of one.
fn timer(at: Instant) -> Option<Pin<Box<Sleep>>> {
    Handle::try_current().ok()?;
    Some(Box::pin(sleep_until(at)))
}

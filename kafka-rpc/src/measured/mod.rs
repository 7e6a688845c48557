//! The steps of a call one by one, whose instructions are counted. Not part of the interface: what
//! is here changes and goes without notice.
//!
//! Each function takes a step so many times. Their input is the same each time, and so is the order
//! of what they do.

mod dispatch;
mod heads;
mod pending;
mod progress;

pub use dispatch::{keyed_calls, unkeyed_calls};
pub use heads::{read_replies, read_requests, write_replies, write_requests};
pub use pending::pending_calls;
pub use progress::progress;

use crate::random::split_mix;
use crate::wire::CorrelationId;

/// How many calls are under way at a time, in those steps where that matters.
const UNDER_WAY: u64 = 64;

/// Ids that look random, and are the same in each run.
struct Ids(u64);

impl Ids {
    fn new() -> Self {
        Self(0)
    }

    fn next(&mut self) -> u128 {
        u128::from(self.half()) << 64 | u128::from(self.half())
    }

    fn next_correlation_id(&mut self) -> CorrelationId {
        CorrelationId::from_uuid(self.next())
    }

    fn half(&mut self) -> u64 {
        split_mix(&mut self.0)
    }
}

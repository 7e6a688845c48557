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

use crate::wire::CorrelationId;

/// How many calls are under way at a time, in those steps where that matters.
const UNDER_WAY: u64 = 64;

/// Ids that look random, and are the same in each run (`SplitMix64`).
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
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}

//! Requests that are not handled, or fail for good: what is kept of them, and what is written.

mod kept;
mod letter;

use std::sync::Arc;

pub(super) use self::kept::{Kept, Next};
pub(super) use self::letter::{Letter, shrink};

/// Where the dead letters of a request topic are written.
#[derive(Debug, Clone)]
pub(super) struct LetterTopic {
    pub(super) name: Arc<str>,
    pub(super) partitions: u32,
}

//! Whether the other side of a stream is still there, and whether it can know that we are.

use std::time::Duration;

use tokio::time::Instant;

/// How long a side is silent at most: then it repeats its credit.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(2);

/// When the other side was last heard of, and when it was last told of this one.
#[derive(Debug)]
pub(crate) struct Liveness {
    heard: Instant,
    said: Instant,
}

/// What is to be done about a silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pulse {
    /// Nothing.
    Fine,
    /// Tell the other side that we are there.
    Say,
    /// The other side has been silent for too long.
    Gone,
}

impl Liveness {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            heard: now,
            said: now,
        }
    }

    /// Something came from the other side.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.heard = now;
    }

    /// Looks at both silences. After [`Pulse::Say`] something counts as said.
    pub(crate) fn pulse(&mut self, now: Instant, limit: Duration) -> Pulse {
        if now.saturating_duration_since(self.heard) >= limit {
            Pulse::Gone
        } else if now.saturating_duration_since(self.said) >= KEEP_ALIVE {
            self.said = now;
            Pulse::Say
        } else {
            Pulse::Fine
        }
    }
}

use std::sync::Arc;

use super::gather::Gathers;
use super::streams::Streams;
use super::waiting::WaitingCalls;
use crate::stream::StreamSettings;

/// The calls of a channel that have no end yet, by their kinds.
#[derive(Clone)]
pub(super) struct OpenCalls {
    pub(super) waiting: Arc<WaitingCalls>,
    pub(super) streams: Arc<Streams>,
    pub(super) gathers: Arc<Gathers>,
}

impl OpenCalls {
    #[cfg(feature = "__simulated")]
    pub(super) fn count(&self) -> usize {
        self.waiting.count() + self.streams.count() + self.gathers.count()
    }

    /// Of calls with one reply at most `limit`, of streams as many as the settings say.
    pub(super) fn new(limit: usize, streams: StreamSettings) -> Self {
        Self {
            waiting: WaitingCalls::new(limit),
            streams: Arc::new(Streams::new(streams)),
            gathers: Arc::default(),
        }
    }
}

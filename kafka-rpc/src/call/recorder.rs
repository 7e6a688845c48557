use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;

use super::{Body, Response, Status};

/// What a call came to.
pub(crate) type Recorded = Result<Response<Body>, Status>;

/// Keeps what a deduplicated call came to, for its repeats.
#[async_trait]
pub(crate) trait Recorder: fmt::Debug + Send + Sync {
    /// What an earlier call came to that was the same; `message` is this one's.
    ///
    /// # Errors
    /// Where that is not known, or where the earlier call had another message.
    async fn find(&self, message: &Bytes) -> Result<Option<Recorded>, Status>;

    /// Keeps what the call came to, if that is its end, and gives it back when it is kept.
    async fn keep(&self, message: &Bytes, outcome: Recorded) -> Recorded;
}

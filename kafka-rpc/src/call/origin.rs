use std::sync::Arc;
use std::time::SystemTime;

/// Where a server read a request: the record behind the call.
///
/// A handler gets it from [`Request::origin`](crate::Request::origin).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origin {
    /// The request topic.
    pub topic: Arc<str>,
    /// The partition of the topic.
    pub partition: i32,
    /// The record's offset in the partition.
    pub offset: i64,
    /// When the record was written: by the caller's clock, or by the broker's where the topic has
    /// `message.timestamp.type=LogAppendTime`.
    pub timestamp: SystemTime,
}

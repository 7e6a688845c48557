use std::sync::Arc;

use bytes::Bytes;

use super::PartitionRef;
use crate::wire::Headers;

/// A record as it was read.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) topic: Arc<str>,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    /// Milliseconds since the Unix epoch; `None` where the record carries no time.
    pub(crate) timestamp: Option<i64>,
    pub(crate) key: Option<Bytes>,
    /// Empty for a null value.
    pub(crate) value: Bytes,
    pub(crate) headers: Headers,
}

impl Record {
    /// The partition that it is in.
    pub(crate) fn partition_ref(&self) -> PartitionRef {
        PartitionRef {
            topic: Arc::clone(&self.topic),
            partition: self.partition,
        }
    }
}

/// A record to be written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outgoing {
    pub(crate) topic: Arc<str>,
    /// `None`: by the key, as Java's default partitioner does; at random without a key.
    pub(crate) partition: Option<i32>,
    /// Many come, and this one may wait a moment for others to share a batch with them. Its place among
    /// those that are not patient is of no matter.
    pub(crate) patient: bool,
    pub(crate) key: Option<Bytes>,
    pub(crate) value: Bytes,
    pub(crate) headers: Headers,
}

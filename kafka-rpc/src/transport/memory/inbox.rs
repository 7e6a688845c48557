use std::sync::Arc;

use async_trait::async_trait;
use tokio::task::AbortHandle;

use super::log::Log;
use super::reader::Reader;
use crate::transport::{Inbox, PartitionRef, Records, TransportError};

/// The most records handed over at a time.
const BATCH: usize = 512;

/// Reads single partitions, in a task.
pub(super) struct MemoryInbox {
    reader: Arc<Reader>,
    task: AbortHandle,
}

impl MemoryInbox {
    pub(super) fn open(log: Arc<Log>, records: Box<dyn Records>) -> Self {
        let reader = Arc::new(Reader::new(log));
        let task = tokio::spawn(read(Arc::clone(&reader), records));
        Self {
            reader,
            task: task.abort_handle(),
        }
    }
}

async fn read(reader: Arc<Reader>, mut records: Box<dyn Records>) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        for (partition, to, end) in reader.moves() {
            records.moved(&partition, to, end);
        }
        reader.take(BATCH, &mut batch);
        if batch.is_empty() {
            reader.woken().await;
        } else {
            records.records(&mut batch);
            batch.clear();
            tokio::task::yield_now().await;
        }
    }
}

#[async_trait]
impl Inbox for MemoryInbox {
    async fn follow(&self, partition: PartitionRef) -> Result<(), TransportError> {
        self.reader.follow(partition, None)
    }

    async fn read_from(&self, partition: PartitionRef, offset: i64) -> Result<(), TransportError> {
        self.reader.read_from(partition, offset)
    }

    fn position(&self, partition: &PartitionRef) -> Option<i64> {
        self.reader.position(partition)
    }
}

impl Drop for MemoryInbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}

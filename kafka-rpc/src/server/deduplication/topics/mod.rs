//! Records in topics of their own, beside those of the requests.

mod reading;

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;

pub(in crate::server) use self::reading::{Known, Reading};
use super::memory::MemoryStore;
use super::recorded::without_reply;
use super::store::{DeduplicatedCall, DeduplicationStore};
use crate::call::BoxError;
use crate::hashing::HashMap;
use crate::outside;
use crate::transport::{
    AcknowledgedWrites, Failure, Outgoing, PartitionRef, Transport, TransportError,
};
use crate::wire::Headers;

/// How long the brokers may be silent while records are read.
const SILENCE: Duration = Duration::from_secs(30);

/// Where the records of a request topic's calls are.
#[derive(Clone, Debug)]
pub(in crate::server) struct RecordTopic {
    pub(in crate::server) name: Arc<str>,
    pub(in crate::server) partitions: u32,
}

/// Keeps records in topics whose partitions go with those of the requests: who takes a partition over
/// [reads](Self::read) them before it handles calls. Here they are in memory.
pub(in crate::server) struct TopicStore {
    transport: Arc<dyn Transport>,
    writes: AcknowledgedWrites,
    /// By request topic.
    topics: HashMap<Arc<str>, RecordTopic>,
    window: Duration,
    known: MemoryStore,
}

impl TopicStore {
    pub(in crate::server) fn open(
        transport: Arc<dyn Transport>,
        topics: HashMap<Arc<str>, RecordTopic>,
        (window, bytes): (Duration, u64),
        properties: &[(String, String)],
    ) -> Result<Self, TransportError> {
        let writes = AcknowledgedWrites::open(&*transport, properties, |producer| producer)?;
        Ok(Self {
            transport,
            writes,
            topics,
            window,
            known: MemoryStore::new(window, bytes),
        })
    }

    /// Where the records of a request partition are.
    fn place(&self, topic: &str, partition: i32) -> Option<PartitionRef> {
        let records = self.topics.get(topic)?;
        let partitions = i32::try_from(records.partitions).unwrap_or(i32::MAX).max(1);
        Some(PartitionRef {
            topic: Arc::clone(&records.name),
            partition: partition.rem_euclid(partitions),
        })
    }

    /// Reads what is recorded of the calls of a request partition.
    pub(in crate::server) async fn read(
        &self,
        topic: &str,
        partition: i32,
    ) -> Result<(), TransportError> {
        let Some(place) = self.place(topic, partition) else {
            return Ok(());
        };
        #[cfg(feature = "__simulated")]
        if crate::simulation::planted(crate::simulation::Bug::RecordsUnread) {
            return Ok(());
        }
        let offsets = self.transport.bounds(&place, SILENCE).await?;
        tracing::debug!(?place, ?offsets, "what calls came to is read");
        let now = outside::wall_clock().duration_since(UNIX_EPOCH);
        let since = now.unwrap_or_default().saturating_sub(self.window);
        let since = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        let known = self.known.clone();
        let take = move |record: crate::transport::Record| {
            let is_over = record.timestamp.is_some_and(|written| written < since);
            if let Some(call) = record.key.filter(|_| !is_over && !record.value.is_empty()) {
                known.insert(call, record.value);
            }
        };
        let reading = self
            .transport
            .scan(&place, offsets, SILENCE, Box::new(take));
        reading.await
    }

    async fn write(
        &self,
        place: PartitionRef,
        call: Bytes,
        record: Bytes,
    ) -> Result<(), TransportError> {
        let record = Outgoing {
            topic: place.topic,
            partition: Some(place.partition),
            patient: false,
            key: Some(call),
            value: record,
            headers: Headers::new(),
        };
        self.writes.send(record).await
    }
}

#[async_trait]
impl DeduplicationStore for TopicStore {
    async fn find(&self, call: &DeduplicatedCall) -> Result<Option<Bytes>, BoxError> {
        Ok(self.known.get(call))
    }

    async fn keep(&self, call: &DeduplicatedCall, record: Bytes) -> Result<(), BoxError> {
        let (topic, key) = (call.topic(), call.to_bytes());
        let place = self.place(topic, call.partition());
        let place = place.ok_or_else(|| format!("{topic} has no topic for records"))?;
        let mut kept = record;
        let mut written = self.write(place.clone(), key.clone(), kept.clone()).await;
        if let Err(error) = &written
            && error.failure == Failure::TooLarge
        {
            kept = without_reply(kept)?;
            written = self.write(place, key.clone(), kept.clone()).await;
        }
        written?;
        self.known.insert(key, kept);
        Ok(())
    }
}

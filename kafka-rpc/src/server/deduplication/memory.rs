use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use moka::notification::RemovalCause;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::store::{DeduplicatedCall, DeduplicationStore};
use crate::call::BoxError;
use crate::telemetry;

/// Keeps records in this process's memory: they end with it, and are its alone.
///
/// So a repeat is noticed as long as it comes to the same server, within its life. That is enough
/// against repeats by callers and hedges, and not against crashes of the server.
#[derive(Clone)]
pub struct MemoryStore {
    records: Cache<Bytes, Bytes>,
}

/// What a record takes up besides its key and itself, about.
const OVERHEAD: usize = 200;

impl MemoryStore {
    /// Keeps each record for `window`, and at most `bytes` of them, about. Where there are more, those
    /// go first that were not asked for for the longest time, and
    /// `kafka_rpc.server.deduplication_evictions` counts them.
    pub fn new(window: Duration, bytes: u64) -> Self {
        let weigh = |key: &Bytes, record: &Bytes| {
            u32::try_from(key.len() + record.len() + OVERHEAD).unwrap_or(u32::MAX)
        };
        let records = Cache::builder()
            .time_to_live(window.min(LONGEST))
            .max_capacity(bytes)
            .weigher(weigh)
            // What is new has to stay.
            .eviction_policy(EvictionPolicy::lru())
            .eviction_listener(|_, _, cause| {
                if cause == RemovalCause::Size {
                    telemetry::record_evicted();
                }
            })
            .build();
        Self { records }
    }

    pub(super) fn get(&self, call: &DeduplicatedCall) -> Option<Bytes> {
        self.records.get(&call.to_bytes())
    }

    pub(super) fn insert(&self, call: Bytes, record: Bytes) {
        self.records.insert(call, record);
    }
}

/// The cache takes no longer window than a thousand years.
const LONGEST: Duration = Duration::from_secs(999 * 365 * 24 * 3600);

#[async_trait]
impl DeduplicationStore for MemoryStore {
    async fn find(&self, call: &DeduplicatedCall) -> Result<Option<Bytes>, BoxError> {
        Ok(self.get(call))
    }

    async fn keep(&self, call: &DeduplicatedCall, record: Bytes) -> Result<(), BoxError> {
        self.insert(call.to_bytes(), record);
        Ok(())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("bytes", &self.records.weighted_size())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn call(key: &str) -> DeduplicatedCall {
        DeduplicatedCall {
            method: "a.B/C",
            key: key.parse().expect("a key"),
            topic: "a.B.C".into(),
            partition: 0,
        }
    }

    fn record(bytes: usize) -> Bytes {
        vec![7; bytes].into()
    }

    #[tokio::test]
    async fn a_record_is_found_by_method_and_key() {
        let store = MemoryStore::new(Duration::from_secs(60), 10_000);
        store.keep(&call("1"), record(3)).await.unwrap();
        assert_eq!(store.find(&call("1")).await.unwrap(), Some(record(3)));
        assert_eq!(store.find(&call("2")).await.unwrap(), None);
        let other = DeduplicatedCall {
            method: "a.B/D",
            ..call("1")
        };
        assert_eq!(store.find(&other).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_record_is_forgotten_when_the_window_is_over() {
        let window = Duration::from_millis(20);
        let store = MemoryStore::new(window, 10_000);
        let kept = Instant::now();
        store.keep(&call("1"), record(3)).await.unwrap();
        while store.find(&call("1")).await.unwrap().is_some() {
            assert!(kept.elapsed() < Duration::from_secs(10), "it stays");
            tokio::task::yield_now().await;
        }
        assert!(kept.elapsed() >= window);
    }

    #[tokio::test]
    async fn where_there_is_no_room_the_oldest_go() {
        let store = MemoryStore::new(Duration::from_secs(60), 10_000);
        for number in 0..100 {
            let call = call(&number.to_string());
            store.keep(&call, record(800)).await.unwrap();
            store.records.run_pending_tasks();
            assert!(store.records.weighted_size() <= 10_000);
            assert!(
                store.find(&call).await.unwrap().is_some(),
                "the new one goes"
            );
        }
        assert_eq!(store.find(&call("80")).await.unwrap(), None);
        assert!(store.find(&call("95")).await.unwrap().is_some());
    }
}

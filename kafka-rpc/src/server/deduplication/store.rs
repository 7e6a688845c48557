use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::call::{BoxError, IdempotencyKey};

/// Where a server keeps what deduplicated calls came to; see
/// [`ServerBuilder::deduplication`](crate::ServerBuilder::deduplication).
///
/// [`MemoryStore`](super::MemoryStore) is one. Another may be a database that the servers share. A
/// server asks about a call before it runs its handler, and has the outcome kept before it sends the
/// reply; it does neither for two calls with the same method and key at a time. Each waits for at
/// most ten seconds.
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::Mutex;
///
/// use async_trait::async_trait;
/// use bytes::Bytes;
/// use kafka_rpc::{BoxError, DeduplicatedCall, DeduplicationStore};
///
/// /// Keeps everything, for ever.
/// #[derive(Default)]
/// struct Everything(Mutex<HashMap<(String, Vec<u8>), Bytes>>);
///
/// #[async_trait]
/// impl DeduplicationStore for Everything {
///     async fn find(&self, call: &DeduplicatedCall) -> Result<Option<Bytes>, BoxError> {
///         let records = self.0.lock().map_err(|_| "poisoned")?;
///         let key = (call.method().to_owned(), call.key().as_bytes().to_vec());
///         Ok(records.get(&key).cloned())
///     }
///
///     async fn keep(&self, call: &DeduplicatedCall, record: Bytes) -> Result<(), BoxError> {
///         let key = (call.method().to_owned(), call.key().as_bytes().to_vec());
///         self.0.lock().map_err(|_| "poisoned")?.insert(key, record);
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait DeduplicationStore: Send + Sync + 'static {
    /// The record of the call with this method and key, if one is kept.
    ///
    /// # Errors
    /// Where that can't be told. The handler does not run then, and the call ends with `UNAVAILABLE`.
    async fn find(&self, call: &DeduplicatedCall) -> Result<Option<Bytes>, BoxError>;

    /// Keeps the record of a call, for as long as the store does. Returns when it is as safe as it
    /// gets.
    ///
    /// # Errors
    /// Where it can't be kept. It is tried again until it is, or until the partition is another
    /// server's; the call has no reply before.
    async fn keep(&self, call: &DeduplicatedCall, record: Bytes) -> Result<(), BoxError>;
}

/// What a [`DeduplicationStore`] knows a call by: its method and its idempotency key. And where its
/// request was read, for stores that are divided as the topic is.
#[derive(Clone)]
pub struct DeduplicatedCall {
    pub(in crate::server) method: &'static str,
    pub(in crate::server) key: IdempotencyKey,
    pub(in crate::server) topic: Arc<str>,
    pub(in crate::server) partition: i32,
}

impl DeduplicatedCall {
    /// The method, such as `shop.v1.Orders/PlaceOrder`.
    pub fn method(&self) -> &str {
        self.method
    }

    /// What tells that two calls of the method are the same.
    pub fn key(&self) -> &IdempotencyKey {
        &self.key
    }

    /// The topic of the request.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// The partition of the topic.
    pub fn partition(&self) -> i32 {
        self.partition
    }

    /// Method and key as one: what comes before the first `/` and the one after it is the method.
    pub(super) fn to_bytes(&self) -> Bytes {
        [self.method.as_bytes(), b"/", self.key.as_bytes()]
            .concat()
            .into()
    }
}

impl fmt::Debug for DeduplicatedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeduplicatedCall({} {})", self.method, self.key)
    }
}

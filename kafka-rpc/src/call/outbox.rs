use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use super::Status;

/// How much a handler may put into its outbox: records, and bytes of their keys, values and headers.
const MOST_RECORDS: usize = 10_000;
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Records that a handler writes, which exist once its call is finished, or never.
///
/// On a server with [transactions](crate::ServerBuilder::transactions), the records that a handler has
/// put in here are written in one Kafka transaction with the reply and with the offset that counts the
/// request as finished. Whoever reads with `isolation.level=read_committed`, as this crate does, sees
/// each of them once, whatever crashes in between. Where the handler ends with an error, panics, or is
/// to be tried again, nothing is written but its status.
///
/// ```
/// use kafka_rpc::{OutboxRecord, Request, Response, Status};
///
/// async fn place_order(request: Request<String>) -> Result<Response<String>, Status> {
///     let outbox = request.outbox()?;
///     let order = request.into_inner();
///     outbox.send(OutboxRecord::new("shop.orders-placed", order.clone()).key("customer-7"))?;
///     Ok(Response::new(order))
/// }
/// ```
#[derive(Clone)]
pub struct Outbox(Arc<Mutex<Content>>);

struct Content {
    records: Vec<OutboxRecord>,
    bytes: usize,
    /// The handler has ended.
    closed: bool,
}

impl Outbox {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Content {
            records: Vec::new(),
            bytes: 0,
            closed: false,
        })))
    }

    /// Puts a record in. It is written after those that are there, where it goes to the same partition.
    ///
    /// # Errors
    /// `RESOURCE_EXHAUSTED` where the outbox has 10,000 records or 16 MiB, and `FAILED_PRECONDITION` once
    /// the handler has ended.
    pub fn send(&self, record: OutboxRecord) -> Result<(), Status> {
        let mut content = self.0.lock();
        if content.closed {
            return Err(Status::failed_precondition(
                "the handler has ended, and its outbox with it",
            ));
        }
        let bytes = content.bytes.saturating_add(record.bytes());
        if content.records.len() >= MOST_RECORDS || bytes > MOST_BYTES {
            return Err(Status::resource_exhausted(format!(
                "the outbox takes {MOST_RECORDS} records and {MOST_BYTES} bytes"
            )));
        }
        content.bytes = bytes;
        content.records.push(record);
        Ok(())
    }

    /// How many records are in it.
    pub fn len(&self) -> usize {
        self.0.lock().records.len()
    }

    /// Whether no record is in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes all, and takes no more.
    pub(crate) fn close(&self) -> Vec<OutboxRecord> {
        let mut content = self.0.lock();
        content.closed = true;
        std::mem::take(&mut content.records)
    }
}

/// Shows how many records are in it.
impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outbox({})", self.len())
    }
}

/// A record of Kafka that a handler writes; see [`Outbox`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRecord {
    pub(crate) topic: Arc<str>,
    pub(crate) partition: Option<i32>,
    pub(crate) key: Option<Bytes>,
    pub(crate) value: Bytes,
    pub(crate) headers: Vec<(String, Bytes)>,
}

impl OutboxRecord {
    /// A record for a topic, without a key. The topic has to exist: it is not created.
    pub fn new(topic: impl Into<Arc<str>>, value: impl Into<Bytes>) -> Self {
        Self {
            topic: topic.into(),
            partition: None,
            key: None,
            value: value.into(),
            headers: Vec::new(),
        }
    }

    /// A record whose value is a message, encoded as protobuf.
    pub fn message(topic: impl Into<Arc<str>>, message: &impl prost::Message) -> Self {
        Self::new(topic, message.encode_to_vec())
    }

    /// Sets the key. It chooses the partition, as Java's default partitioner does.
    #[must_use]
    pub fn key(mut self, key: impl Into<Bytes>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Sets the partition, whatever the key is.
    #[must_use]
    pub fn partition(mut self, partition: u16) -> Self {
        self.partition = Some(i32::from(partition));
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Bytes>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    fn bytes(&self) -> usize {
        let headers = self.headers.iter();
        let headers: usize = headers.map(|(name, value)| name.len() + value.len()).sum();
        let key = self.key.as_ref().map_or(0, Bytes::len);
        self.topic.len() + key + self.value.len() + headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    #[test]
    fn an_outbox_is_bounded_by_records_and_by_bytes() {
        let outbox = Outbox::new();
        let large = OutboxRecord::new("t", vec![0; MOST_BYTES - 1]);
        outbox.send(large).unwrap();
        let refused = outbox.send(OutboxRecord::new("t", "")).unwrap_err();
        assert_eq!(refused.code(), Code::ResourceExhausted);

        let outbox = Outbox::new();
        for _ in 0..MOST_RECORDS {
            outbox.send(OutboxRecord::new("t", "")).unwrap();
        }
        assert!(outbox.send(OutboxRecord::new("t", "")).is_err());
        assert_eq!(outbox.len(), MOST_RECORDS);
    }

    #[test]
    fn an_outbox_is_closed_with_its_handler() {
        let outbox = Outbox::new();
        let kept = outbox.clone();
        let record = OutboxRecord::new("t", "v")
            .key("k")
            .partition(2)
            .header("h", "x");
        outbox.send(record.clone()).unwrap();
        assert_eq!(outbox.close(), [record]);
        let late = kept.send(OutboxRecord::new("t", "")).unwrap_err();
        assert_eq!(late.code(), Code::FailedPrecondition);
        assert!(kept.is_empty());
    }
}

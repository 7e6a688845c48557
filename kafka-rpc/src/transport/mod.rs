//! The door to a log of records: what the client and the server know of Kafka.
//!
//! The path of a record is synchronous and batched: a sender hands over a record and a token and
//! is told of its fate through [`Deliveries`]; a reader is handed batches. What is rare (topic
//! administration, opening a reader) is async.

mod acknowledged;
mod error;
mod group;
pub(crate) mod kafka;
#[cfg(any(test, feature = "__measured"))]
pub(crate) mod memory;
mod record;
mod rights;
#[cfg(feature = "__simulated")]
pub(crate) mod simulated;
mod topic;
mod transactions;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

pub(crate) use acknowledged::AcknowledgedWrites;
pub(crate) use error::{Failure, TransportError};
pub(crate) use group::{CommittedOffset, Control, GroupConfig, Member, PartitionRef, Start};
pub(crate) use record::{Outgoing, Record};
pub(crate) use rights::grant_command;
pub(crate) use topic::{Access, CreateOutcome, NewTopic, TopicState};
pub(crate) use transactions::{TransactedOffset, TransactionQueue, Transactions, Unit};

/// What a producer tells its owner. Called on the transport's own thread: must not block.
pub(crate) trait Deliveries: Send + Sync + 'static {
    /// Takes the fates of records. Each record that [`Producer::send`] took with a token is told of
    /// once, each other one only if it won't be acknowledged.
    fn delivered(&self, batch: &mut Vec<Delivery>);
}

/// The fate of a record: it was acknowledged, or never will be.
#[derive(Debug)]
pub(crate) struct Delivery {
    /// What the record was sent with.
    pub(crate) token: Option<u128>,
    pub(crate) outcome: Result<(), Box<Undelivered>>,
}

/// A record that will not be acknowledged.
#[derive(Debug)]
pub(crate) struct Undelivered {
    /// The record as it was handed over; its partition may be chosen by now.
    pub(crate) record: Outgoing,
    /// Why.
    pub(crate) error: TransportError,
}

/// What a producer is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Writes {
    /// To request topics, where a repeated record is a repeated call. Nobody waits for their
    /// acknowledgements, so no notice is taken of tokens.
    Requests,
    /// To request topics, and to those of deduplication, by those who wait for the acknowledgement.
    DurableRequests,
    /// To reply topics, where a repeated record is dropped by its reader.
    Replies,
    /// In transactions, to any topic.
    Transactions,
}

/// Sends records.
pub(crate) trait Producer: Send + Sync + 'static {
    /// Queues a record; never blocks. Gives it back where it can't be queued.
    fn send(&self, record: Outgoing, token: Option<u128>) -> Result<(), Box<Undelivered>>;
}

/// Takes records as they are read. Called in a task of the runtime: must not block.
pub(crate) trait Records: Send + 'static {
    /// Takes what it needs of the records of a batch, in their order.
    fn records(&mut self, batch: &mut [Record]);

    /// What comes of a partition from now on is from an offset on, and no longer from where it was
    /// read: [`Inbox::read_from`] was asked for that. `end` is where the partition ended shortly before, or
    /// `to` where that is not known.
    fn moved(&mut self, partition: &PartitionRef, to: i64, end: i64) {
        let _ = (partition, to, end);
    }
}

/// Reads single partitions from their end, without a group.
#[async_trait]
pub(crate) trait Inbox: Send + Sync + 'static {
    /// Begins to read a partition at its present end, which is settled when this returns: every
    /// record that is appended afterwards is read.
    async fn follow(&self, partition: PartitionRef) -> Result<(), TransportError>;

    /// Reads a partition from an offset on, or from the first after it that is kept; also one that
    /// is read already. [`Records::moved`] says from when on.
    async fn read_from(&self, partition: PartitionRef, offset: i64) -> Result<(), TransportError>;

    /// An offset of a partition that is followed: nothing is to come at a lower one that was not
    /// there when this was asked. `None` where the partition is not followed.
    fn position(&self, partition: &PartitionRef) -> Option<i64>;
}

/// A place that keeps records in partitions of topics.
#[async_trait]
pub(crate) trait Transport: Send + Sync + 'static {
    /// Tells whether the cluster answers within `limit`.
    async fn check(&self, limit: Duration) -> Result<(), TransportError>;

    /// Looks topics up, in the order of the names.
    async fn topics(
        &self,
        names: &[Arc<str>],
        limit: Duration,
    ) -> Result<Vec<TopicState>, TransportError>;

    /// Creates topics, in the order given.
    async fn create_topics(
        &self,
        topics: &[NewTopic],
        limit: Duration,
    ) -> Result<Vec<CreateOutcome>, TransportError>;

    /// Opens a producer with properties of its own over the cluster's.
    fn producer(
        &self,
        writes: Writes,
        properties: &[(String, String)],
        deliveries: Arc<dyn Deliveries>,
    ) -> Result<Arc<dyn Producer>, TransportError>;

    /// Opens a reader of single partitions.
    fn inbox(
        &self,
        properties: &[(String, String)],
        records: Box<dyn Records>,
    ) -> Result<Arc<dyn Inbox>, TransportError>;

    /// The offsets of a partition: its earliest record's, and that which its next one will have.
    async fn bounds(
        &self,
        partition: &PartitionRef,
        limit: Duration,
    ) -> Result<Range<i64>, TransportError>;

    /// Reads the records that a partition has at these offsets, at most so many of them.
    async fn read(
        &self,
        partition: &PartitionRef,
        offsets: Range<i64>,
        most: usize,
        limit: Duration,
    ) -> Result<Vec<Record>, TransportError>;

    /// Hands over the records that a partition has at these offsets, one by one. The brokers may be
    /// silent for `limit` in between.
    async fn scan(
        &self,
        partition: &PartitionRef,
        offsets: Range<i64>,
        limit: Duration,
        each: Box<dyn FnMut(Record) + Send>,
    ) -> Result<(), TransportError> {
        let records = self.read(partition, offsets, usize::MAX, limit).await?;
        records.into_iter().for_each(each);
        Ok(())
    }

    /// Deletes all records of a partition before an offset.
    async fn delete_before(
        &self,
        partition: &PartitionRef,
        offset: i64,
        limit: Duration,
    ) -> Result<(), TransportError>;

    /// Joins a consumer group. `member` lives in a task of the runtime until it ends its
    /// membership; it is dropped when the group has been left.
    fn join(&self, config: GroupConfig, member: Box<dyn Member>) -> Result<(), TransportError>;
}

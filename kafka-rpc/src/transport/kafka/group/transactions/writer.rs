use std::ptr::NonNull;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::bindings::{
    rd_kafka_abort_transaction, rd_kafka_begin_transaction, rd_kafka_commit_transaction,
    rd_kafka_consumer_group_metadata, rd_kafka_consumer_group_metadata_destroy,
    rd_kafka_consumer_group_metadata_t, rd_kafka_error_t, rd_kafka_init_transactions,
    rd_kafka_send_offsets_to_transaction, rd_kafka_t,
};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

use super::acks::{Acks, Fate};
use super::error::StepError;
use super::turns::{Trouble, Writer};
use crate::hashing::HashSet;
use crate::transport::kafka::error::transport_error;
use crate::transport::kafka::group::context::GroupContext;
use crate::transport::kafka::partitions::{commit_list, committed_offset, first_error, list};
use crate::transport::kafka::producer::Native;
use crate::transport::{
    CommittedOffset, Deliveries, Failure, PartitionRef, TransactedOffset, TransactionQueue,
    TransportError, Unit, Writes,
};

/// How long one call may block, before it is looked whether the group is being left.
const STEP: Duration = Duration::from_secs(1);
/// How long a step is tried again while the group is being left.
const LAST_STEP: Duration = Duration::from_secs(2);
/// How long records are waited for: longer than librdkafka tries to write them.
const WRITTEN_LIMIT: Duration = Duration::from_secs(30);
/// How long there may be no room in librdkafka's queue, before that is looked at again.
const ROOM_PAUSE: Duration = Duration::from_millis(5);
/// How long the cluster may take to tell whether there is a topic.
const LOOK_UP_LIMIT: Duration = Duration::from_secs(5);
const COMMITTED_LIMIT: Duration = Duration::from_secs(5);

/// Writes transactions to Kafka, with one producer after the other.
pub(super) struct KafkaWriter {
    config: ClientConfig,
    id: String,
    consumer: Arc<BaseConsumer<GroupContext>>,
    queue: Arc<TransactionQueue>,
    producer: Option<Producer>,
}

/// A producer that the cluster lets write.
struct Producer {
    native: Arc<Native>,
    acks: Arc<Acks>,
    /// The topics that are there: what goes to others would hold up its transaction for long.
    topics: HashSet<Arc<str>>,
    /// A transaction is open.
    open: bool,
}

impl KafkaWriter {
    pub(super) fn new(
        mut config: ClientConfig,
        id: String,
        consumer: Arc<BaseConsumer<GroupContext>>,
        queue: Arc<TransactionQueue>,
    ) -> Self {
        config.set("transactional.id", &id);
        config.set("delivery.report.only.error", "false");
        Self {
            config,
            id,
            consumer,
            queue,
            producer: None,
        }
    }

    /// Makes sure that there is a producer.
    pub(super) fn ready(&mut self) -> Result<(), Trouble> {
        match self.producer {
            Some(_) => Ok(()),
            None => self.renew(),
        }
    }

    /// The producer can't go on.
    pub(super) fn give_up(&mut self) {
        if let Some(producer) = self.producer.take() {
            producer.native.close();
            tracing::warn!(id = self.id, "a new producer takes over the transactions");
            metrics::counter!("kafka_rpc.producer.recreated").increment(1);
        }
    }

    /// Nobody is to wait for the time-out of a transaction that is open.
    pub(super) fn close(mut self) {
        if self.producer.as_ref().is_some_and(|producer| producer.open)
            && let Err(trouble) = self.abort()
        {
            tracing::warn!(error = %trouble.error(), "a transaction is left to its time-out");
        }
        if let Some(producer) = self.producer.take() {
            producer.native.close();
        }
    }

    fn producer(&mut self) -> Result<&mut Producer, Trouble> {
        let gone = || Trouble::Fatal(TransportError::new(Failure::Fatal, "there is no producer"));
        self.producer.as_mut().ok_or_else(gone)
    }

    /// Takes a step, again as long as it can be: nobody but the library knows how far it is.
    fn step(
        &mut self,
        doing: &str,
        step: impl Fn(*mut rd_kafka_t, i32) -> *mut rd_kafka_error_t,
    ) -> Result<(), Trouble> {
        let queue = Arc::clone(&self.queue);
        let client = self.producer()?.native.client_ptr();
        let mut last = None;
        loop {
            let limit = i32::try_from(STEP.as_millis()).unwrap_or(i32::MAX);
            // SAFETY: `step` is one of librdkafka's calls, on a client that is alive.
            let Err(error) = (unsafe { StepError::check(step(client, limit)) }) else {
                return Ok(());
            };
            if queue.is_closed() {
                last.get_or_insert_with(|| Instant::now() + LAST_STEP);
            }
            if !error.retriable || last.is_some_and(|until| Instant::now() > until) {
                return Err(error.trouble(doing));
            }
            tracing::debug!(?error, "a step of a transaction is taken again");
        }
    }
}

impl Writer for KafkaWriter {
    type Membership = Membership;

    fn begin(&mut self) -> Result<(), Trouble> {
        self.producer()?.acks.reset();
        // SAFETY: the client is alive.
        self.step("begin a transaction", |client, _| unsafe {
            rd_kafka_begin_transaction(client)
        })?;
        self.producer()?.open = true;
        Ok(())
    }

    fn write(&mut self, units: &[Unit]) -> Result<(), Trouble> {
        let queue = Arc::clone(&self.queue);
        let Producer {
            native,
            acks,
            topics,
            ..
        } = self.producer()?;
        let mut sent = 0;
        for (at, unit) in units.iter().enumerate() {
            for (index, record) in unit.records.iter().enumerate() {
                let token = (at as u128) << 64 | index as u128;
                if !topics.contains(&record.topic) {
                    let found = native.look_up(&record.topic, LOOK_UP_LIMIT);
                    found.map_err(|error| trouble(token, error))?;
                    topics.insert(Arc::clone(&record.topic));
                }
                while let Err(refused) = native.send(record.clone(), Some(token)) {
                    if refused.error.failure != Failure::QueueFull || queue.is_closed() {
                        return Err(trouble(token, refused.error));
                    }
                    std::thread::sleep(ROOM_PAUSE);
                }
                sent += 1;
            }
        }
        match acks.wait(sent, WRITTEN_LIMIT) {
            Fate::Written => Ok(()),
            Fate::Failed(token, error) => Err(trouble(token, error)),
            Fate::Open => {
                let message = format!("{sent} records were not acknowledged in time");
                let error = TransportError::new(Failure::Unreachable, message);
                Err(Trouble::Abort(error))
            }
        }
    }

    fn membership(&mut self) -> Result<Membership, Trouble> {
        Membership::of(&self.consumer)
    }

    fn commit(&mut self, by: Membership, offsets: &[TransactedOffset]) -> Result<(), Trouble> {
        if !offsets.is_empty() {
            let offsets: Vec<_> = offsets
                .iter()
                .map(|offset| (offset.partition.clone(), offset.committed.clone()))
                .collect();
            let doing = "commit offsets in a transaction";
            let list = commit_list(&offsets)
                .map_err(|error| Trouble::Abort(transport_error(doing, &error)))?;
            // SAFETY: client, list and metadata are alive; the library copies the latter two.
            self.step(doing, |client, limit| unsafe {
                rd_kafka_send_offsets_to_transaction(client, list.ptr(), by.0.as_ptr(), limit)
            })?;
        }
        // SAFETY: the client is alive.
        self.step("commit a transaction", |client, limit| unsafe {
            rd_kafka_commit_transaction(client, limit)
        })?;
        self.producer()?.open = false;
        Ok(())
    }

    fn abort(&mut self) -> Result<(), Trouble> {
        // SAFETY: the client is alive.
        let aborted = self.step("abort a transaction", |client, limit| unsafe {
            rd_kafka_abort_transaction(client, limit)
        });
        self.producer()?.open = false;
        match aborted {
            // What can't be aborted is aborted by the next producer.
            Err(Trouble::Abort(error)) => Err(Trouble::Fatal(error)),
            other => other,
        }
    }

    fn renew(&mut self) -> Result<(), Trouble> {
        self.give_up();
        let acks = Arc::<Acks>::default();
        let deliveries: Arc<dyn Deliveries> = Arc::<Acks>::clone(&acks);
        let native = Native::open(&self.config, Writes::Transactions, &deliveries)
            .map_err(Trouble::Hopeless)?;
        self.producer = Some(Producer {
            native,
            acks,
            topics: HashSet::default(),
            open: false,
        });
        let doing = format!("begin to write transactions as {}", self.id);
        // SAFETY: the client is alive.
        let begun = self.step(&doing, |client, limit| unsafe {
            rd_kafka_init_transactions(client, limit)
        });
        if begun.is_err() {
            self.give_up();
        }
        begun
    }

    fn committed(
        &mut self,
        partitions: &[PartitionRef],
    ) -> Result<Vec<Option<CommittedOffset>>, Trouble> {
        let found = list(partitions)
            .and_then(|list| self.consumer.committed_offsets(list, COMMITTED_LIMIT))
            .and_then(|list| first_error(&list).map(|()| list))
            .map_err(|error| Trouble::Abort(transport_error("read committed offsets", &error)))?;
        let indices = 0..partitions.len();
        Ok(indices
            .map(|index| committed_offset(&found, index))
            .collect())
    }
}

/// What the failure of a record means for its transaction.
fn trouble(token: u128, error: TransportError) -> Trouble {
    match error.failure {
        Failure::TooLarge | Failure::Missing | Failure::Denied | Failure::Config => {
            Trouble::Refused {
                unit: (token >> 64) as usize,
                record: token as u64 as usize,
                error,
            }
        }
        Failure::Fatal => Trouble::Fatal(error),
        _ => Trouble::Abort(error),
    }
}

/// Who the consumer is in its group, and in which generation.
pub(super) struct Membership(NonNull<rd_kafka_consumer_group_metadata_t>);

impl Membership {
    fn of(consumer: &BaseConsumer<GroupContext>) -> Result<Self, Trouble> {
        // SAFETY: the client is alive. What it gives is ours to destroy.
        let native = unsafe { rd_kafka_consumer_group_metadata(consumer.client().native_ptr()) };
        NonNull::new(native).map(Self).ok_or_else(|| {
            let message = "the consumer is in no group";
            Trouble::Abort(TransportError::new(Failure::Other, message))
        })
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        // SAFETY: it is ours, and destroyed once.
        unsafe { rd_kafka_consumer_group_metadata_destroy(self.0.as_ptr()) };
    }
}

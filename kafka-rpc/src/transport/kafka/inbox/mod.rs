//! Single partitions, read by direct assignment in a task of the runtime.

mod followed;
mod moves;
mod reader;

use std::sync::Arc;

use async_trait::async_trait;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use tokio::task::AbortHandle;

use self::followed::{Followed, end_if_told};
use self::moves::Moves;
use self::reader::Reader;
use super::blocking;
use super::context::Context;
use super::error::transport_error;
use super::stall::{Evidence, Watchdog};
use crate::transport::{Inbox, PartitionRef, Records, TransportError};

impl ConsumerContext for Context {}

pub(super) struct KafkaInbox {
    consumer: Arc<BaseConsumer<Context>>,
    followed: Arc<Followed>,
    moves: Moves,
    reader: AbortHandle,
}

impl KafkaInbox {
    /// Its task is one of the runtime that this is called on.
    pub(super) fn open(
        config: &ClientConfig,
        records: Box<dyn Records>,
    ) -> Result<Self, TransportError> {
        let consumer: BaseConsumer<Context> = config
            .create_with_context(Context::default())
            .map_err(|error| transport_error("open a consumer", &error))?;
        let (consumer, followed) = (Arc::new(consumer), Arc::<Followed>::default());
        let (moves, wanted) = moves::channel();
        let reader = Reader {
            consumer: Arc::clone(&consumer),
            followed: Arc::clone(&followed),
            wanted,
            // Nobody keeps replies that are stepped past.
            watchdog: Watchdog::new(config.clone(), Evidence::Errors),
            records,
        };
        let reader = tokio::spawn(reader.read());
        Ok(Self {
            consumer,
            followed,
            moves,
            reader: reader.abort_handle(),
        })
    }
}

#[async_trait]
impl Inbox for KafkaInbox {
    async fn follow(&self, partition: PartitionRef) -> Result<(), TransportError> {
        let (consumer, followed) = (Arc::clone(&self.consumer), Arc::clone(&self.followed));
        // What is begun goes on where nobody waits for it any more, so it may be asked for again
        // meanwhile.
        blocking::run(move || followed.follow(&consumer, partition)).await?
    }

    async fn read_from(&self, partition: PartitionRef, offset: i64) -> Result<(), TransportError> {
        let consumer = Arc::clone(&self.consumer);
        let looked_up = partition.clone();
        // Who waits does so through times without brokers.
        let end = blocking::run(move || end_if_told(&consumer, &looked_up)).await?;
        let end = end.unwrap_or(offset);
        self.moves.make(partition, offset, end).await
    }

    fn position(&self, partition: &PartitionRef) -> Option<i64> {
        self.followed.position(&self.consumer, partition)
    }
}

impl Drop for KafkaInbox {
    fn drop(&mut self) {
        self.reader.abort();
        super::close::in_background(Arc::clone(&self.consumer));
    }
}

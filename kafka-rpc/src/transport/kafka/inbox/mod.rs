//! Single partitions, read by direct assignment in a task of the runtime.

mod followed;
mod reader;

use std::sync::Arc;

use async_trait::async_trait;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use tokio::task::AbortHandle;

use self::followed::Followed;
use super::blocking;
use super::context::Context;
use super::error::transport_error;
use super::stall::{Evidence, Watchdog};
use crate::transport::{Inbox, PartitionRef, Records, TransportError};

impl ConsumerContext for Context {}

pub(super) struct KafkaInbox {
    consumer: Arc<BaseConsumer<Context>>,
    followed: Arc<Followed>,
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
        let reader = tokio::spawn(reader::read(
            Arc::clone(&consumer),
            Arc::clone(&followed),
            // Nobody keeps replies that are stepped past.
            Watchdog::new(config.clone(), Evidence::Errors),
            records,
        ));
        Ok(Self {
            consumer,
            followed,
            reader: reader.abort_handle(),
        })
    }

    /// What is begun goes on where nobody waits for it any more, so it may be asked for again
    /// meanwhile.
    async fn blocking(
        &self,
        work: impl FnOnce(&BaseConsumer<Context>, &Followed) -> Result<(), TransportError>
        + Send
        + 'static,
    ) -> Result<(), TransportError> {
        let (consumer, followed) = (Arc::clone(&self.consumer), Arc::clone(&self.followed));
        blocking::run(move || work(&consumer, &followed)).await?
    }
}

#[async_trait]
impl Inbox for KafkaInbox {
    async fn follow(&self, partition: PartitionRef) -> Result<(), TransportError> {
        self.blocking(move |consumer, followed| followed.follow(consumer, partition))
            .await
    }

    async fn read_from(&self, partition: PartitionRef, offset: i64) -> Result<(), TransportError> {
        self.blocking(move |consumer, followed| followed.read_from(consumer, partition, offset))
            .await
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

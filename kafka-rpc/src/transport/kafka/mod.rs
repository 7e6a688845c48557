//! The transport on Apache Kafka, through librdkafka. The only place that names `rdkafka`.

mod archive;
mod blocking;
mod close;
mod config;
mod context;
mod copies;
mod describe;
mod embedded;
mod error;
mod events;
mod group;
mod inbox;
mod message;
mod partitions;
mod producer;
mod stall;
#[cfg(test)]
mod tests;
mod topics;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rdkafka::admin::AdminClient;
use rdkafka::consumer::BaseConsumer;
use tokio::sync::OnceCell;

use self::config::Purpose;
use self::context::Context;
use self::describe::Probe;
use self::error::transport_error;
use super::{
    CreateOutcome, Deliveries, Failure, GroupConfig, Inbox, Member, NewTopic, PartitionRef,
    Producer, Record, Records, TopicState, Transport, TransportError, Writes,
};

pub(crate) use self::config::ClusterConfig;
pub(crate) use self::embedded::EmbeddedBroker;

/// A Kafka cluster.
pub(crate) struct KafkaTransport {
    config: ClusterConfig,
    embedded: Option<Arc<EmbeddedBroker>>,
    probe: OnceCell<Arc<Probe>>,
    admin: OnceCell<Arc<AdminClient<Context>>>,
}

impl KafkaTransport {
    /// `embedded`: the broker in this process that `config` leads to.
    pub(crate) fn new(config: ClusterConfig, embedded: Option<Arc<EmbeddedBroker>>) -> Self {
        Self {
            config,
            embedded,
            probe: OnceCell::new(),
            admin: OnceCell::new(),
        }
    }

    async fn probe(&self) -> Result<Arc<Probe>, TransportError> {
        let open = || async {
            let config = self.config.client(Purpose::Admin, &[]);
            Probe::open(&config).map(Arc::new)
        };
        self.probe.get_or_try_init(open).await.map(Arc::clone)
    }

    async fn admin(&self) -> Result<Arc<AdminClient<Context>>, TransportError> {
        let open = || async {
            self.config
                .client(Purpose::Admin, &[])
                .create_with_context(Context::default())
                .map(Arc::new)
                .map_err(|error| transport_error("open an administration client", &error))
        };
        self.admin.get_or_try_init(open).await.map(Arc::clone)
    }
}

impl KafkaTransport {
    /// Looks at partitions with a consumer that is opened for that.
    async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&BaseConsumer<Context>) -> Result<T, TransportError> + Send + 'static,
    ) -> Result<T, TransportError> {
        let config = self.config.client(Purpose::Inbox, &[]);
        blocking::run(move || {
            let consumer = Arc::new(archive::open(config)?);
            let seen = look(&consumer);
            close::in_background(consumer);
            seen
        })
        .await?
    }
}

impl Drop for KafkaTransport {
    fn drop(&mut self) {
        if let Some(probe) = self.probe.take() {
            close::in_background(probe);
        }
        if let Some(admin) = self.admin.take() {
            close::in_background(admin);
        }
    }
}

#[async_trait]
impl Transport for KafkaTransport {
    async fn check(&self, limit: Duration) -> Result<(), TransportError> {
        let probe = self.probe().await?;
        let doing = format!("reach the Kafka cluster at {}", self.config.bootstrap);
        blocking::run(move || probe.check(&doing, limit)).await?
    }

    async fn topics(
        &self,
        names: &[Arc<str>],
        limit: Duration,
    ) -> Result<Vec<TopicState>, TransportError> {
        let probe = self.probe().await?;
        let names = names.to_vec();
        let embedded = self.embedded.is_some();
        blocking::run(move || match embedded {
            true => probe.open_topics(&names, limit),
            false => probe.topics(&names, limit),
        })
        .await?
    }

    async fn create_topics(
        &self,
        new: &[NewTopic],
        limit: Duration,
    ) -> Result<Vec<CreateOutcome>, TransportError> {
        if let Some(broker) = &self.embedded {
            return Ok(new.iter().map(|topic| broker.create(topic)).collect());
        }
        let admin = self.admin().await?;
        topics::create(&admin, new, limit).await
    }

    fn producer(
        &self,
        writes: Writes,
        properties: &[(String, String)],
        deliveries: Arc<dyn Deliveries>,
    ) -> Result<Arc<dyn Producer>, TransportError> {
        let producer = producer::KafkaProducer::open(&self.config, properties, writes, deliveries)?;
        Ok(Arc::new(producer))
    }

    fn inbox(
        &self,
        properties: &[(String, String)],
        records: Box<dyn Records>,
    ) -> Result<Arc<dyn Inbox>, TransportError> {
        let config = self.config.client(Purpose::Inbox, properties);
        let inbox = inbox::KafkaInbox::open(&config, records)?;
        Ok(Arc::new(inbox))
    }

    async fn bounds(
        &self,
        partition: &PartitionRef,
        limit: Duration,
    ) -> Result<Range<i64>, TransportError> {
        let partition = partition.clone();
        self.look(move |consumer| archive::bounds(consumer, &partition, limit))
            .await
    }

    async fn read(
        &self,
        partition: &PartitionRef,
        offsets: Range<i64>,
        most: usize,
        limit: Duration,
    ) -> Result<Vec<Record>, TransportError> {
        let partition = partition.clone();
        self.look(move |consumer| archive::read(consumer, &partition, offsets, most, limit))
            .await
    }

    async fn scan(
        &self,
        partition: &PartitionRef,
        offsets: Range<i64>,
        limit: Duration,
        mut each: Box<dyn FnMut(Record) + Send>,
    ) -> Result<(), TransportError> {
        let partition = partition.clone();
        self.look(move |consumer| archive::scan(consumer, &partition, offsets, limit, &mut *each))
            .await
    }

    async fn delete_before(
        &self,
        partition: &PartitionRef,
        offset: i64,
        limit: Duration,
    ) -> Result<(), TransportError> {
        if self.embedded.is_some() {
            let message = "can't delete records: the embedded broker is not able to";
            return Err(TransportError::new(Failure::Other, message));
        }
        let admin = self.admin().await?;
        archive::delete_before(&admin, partition, offset, limit).await
    }

    fn join(&self, config: GroupConfig, member: Box<dyn Member>) -> Result<(), TransportError> {
        let mut native = self.config.client(Purpose::Group, &config.properties);
        native.set("group.id", &config.group);
        if let Some(id) = &config.instance_id {
            native.set("group.instance.id", id);
        }
        let transactional = match &config.transactions {
            Some(_) if self.embedded.is_some() => {
                let message = "can't write transactions: the embedded broker has none";
                return Err(TransportError::new(Failure::Config, message));
            }
            Some(transactions) => {
                let purpose = Purpose::Producer(Writes::Transactions);
                Some(self.config.client(purpose, &transactions.properties))
            }
            None => None,
        };
        group::join(&native, config, transactional, member)
    }
}

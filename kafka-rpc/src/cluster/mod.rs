//! Where Kafka is and how to get in.

mod credentials;
mod environment;
#[cfg(any(feature = "__measured", feature = "__simulated"))]
mod in_memory;
mod provision;
mod topic_settings;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use credentials::{Sasl, Tls};
pub(crate) use provision::{Wanted, WantedTopic, ensure};
pub use topic_settings::TopicSettings;

use crate::Error;
use crate::transport::Transport;
use crate::transport::kafka::{ClusterConfig, EmbeddedBroker, KafkaTransport};

/// Where Kafka is, how to get in, and how topics are named and created there.
///
/// Cheap to clone. A client and a server that shall meet need the same topic prefix.
///
/// ```
/// use kafka_rpc::{Cluster, Sasl, Tls};
///
/// let cluster = Cluster::new("broker-1:9092,broker-2:9092")
///     .tls(Tls::new().ca_file("/etc/ssl/kafka-ca.pem"))
///     .sasl(Sasl::scram_sha_512("orders", "secret"))
///     .topic_prefix("staging.")
///     .property("client.rack", "eu-central-1a");
/// ```
#[derive(Clone)]
pub struct Cluster {
    config: ClusterConfig,
    tls: Option<Tls>,
    sasl: Option<Sasl>,
    prefix: String,
    topics: TopicSettings,
    embedded: Option<Arc<EmbeddedBroker>>,
    /// In place of Kafka.
    #[cfg(any(feature = "__measured", feature = "__simulated"))]
    memory: Option<Arc<dyn Transport>>,
}

impl Cluster {
    /// A cluster by its bootstrap servers: `host:port`, several divided by commas.
    pub fn new(bootstrap_servers: impl Into<String>) -> Self {
        Self {
            config: ClusterConfig::new(bootstrap_servers.into()),
            tls: None,
            sasl: None,
            prefix: String::new(),
            topics: TopicSettings::default(),
            embedded: None,
            #[cfg(any(feature = "__measured", feature = "__simulated"))]
            memory: None,
        }
    }

    /// A broker inside of this process, for examples and tests. Nothing is kept: it ends with the
    /// last clone of this value and the last client or server that uses it.
    ///
    /// It is librdkafka's mock broker: it speaks the real protocol over loopback, but keeps only
    /// the latest records of a partition, knows no retention, no authorisation and no replicas.
    ///
    /// # Errors
    /// When the broker can't start, for example because no port can be opened on loopback.
    pub fn embedded() -> Result<Self, Error> {
        let broker = EmbeddedBroker::start()?;
        let mut cluster = Self::new(broker.bootstrap());
        cluster.config.embedded = true;
        cluster.embedded = Some(broker);
        Ok(cluster)
    }

    /// Sets any librdkafka property for all clients of this cluster. It wins over what the
    /// framework sets, and a server's or channel's own properties win over it.
    #[must_use]
    pub fn property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.config.properties.insert(name.into(), value.into());
        self
    }

    /// Encrypts connections. Needs the crate's feature `tls`.
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Logs in with SASL. SCRAM needs the crate's feature `tls`.
    #[must_use]
    pub fn sasl(mut self, sasl: Sasl) -> Self {
        self.sasl = Some(sasl);
        self
    }

    /// Puts a prefix before the name of every topic and consumer group, to keep environments on
    /// one cluster apart: `staging.` makes `staging.shop.v1.Orders.PlaceOrder`. None by default.
    #[must_use]
    pub fn topic_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How topics that do not exist are created, or that they are not.
    #[must_use]
    pub fn topics(mut self, settings: TopicSettings) -> Self {
        self.topics = settings;
        self
    }

    /// The bootstrap servers; of an embedded broker, where it listens on loopback.
    pub fn bootstrap_servers(&self) -> &str {
        &self.config.bootstrap
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(crate) fn topic_settings(&self) -> &TopicSettings {
        &self.topics
    }

    pub(crate) fn transport(&self) -> Arc<dyn Transport> {
        #[cfg(any(feature = "__measured", feature = "__simulated"))]
        if let Some(memory) = &self.memory {
            return Arc::clone(memory);
        }
        let mut config = self.config.clone();
        let credentials = credentials::properties(self.tls.as_ref(), self.sasl.as_ref());
        for (name, value) in credentials {
            config.properties.entry(name).or_insert(value);
        }
        Arc::new(KafkaTransport::new(config, self.embedded.clone()))
    }
}

impl fmt::Debug for Cluster {
    /// Leaves the properties out: they may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster")
            .field("bootstrap_servers", &self.config.bootstrap)
            .field("topic_prefix", &self.prefix)
            .field("topics", &self.topics)
            .field("embedded", &self.embedded.is_some())
            .finish_non_exhaustive()
    }
}

/// How long a cluster may take to answer while something starts.
pub(crate) const CONNECT_LIMIT: Duration = Duration::from_secs(10);

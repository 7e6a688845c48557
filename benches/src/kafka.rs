//! The Kafka that the systems run on, and the topics of their runs.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use kafka_rpc_tests::java;
use kafka_rpc_tests::kafka::{Broker, Brokers, Builder};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use tokio::runtime::{self, Runtime};

use crate::arguments::Place;

const LIMIT: Duration = Duration::from_secs(30);

/// A cluster that was named, or one that was booted and ends with this value.
pub(crate) struct Kafka {
    bootstrap: String,
    brokers: Option<Brokers>,
    admin: AdminClient<DefaultClientContext>,
    runtime: Runtime,
}

impl Kafka {
    pub(crate) fn at(place: &Place) -> anyhow::Result<Self> {
        match &place.brokers {
            Some(brokers) => Self::named(brokers),
            None => Self::boot(place.cluster as usize),
        }
    }

    fn named(bootstrap: &str) -> anyhow::Result<Self> {
        let kafka = Self::new(bootstrap.to_owned(), None)?;
        let client = kafka.admin.inner();
        client
            .fetch_metadata(Some("kafka-rpc-bench.check"), LIMIT)
            .with_context(|| format!("can't reach Kafka at {bootstrap}"))?;
        Ok(kafka)
    }

    fn boot(count: usize) -> anyhow::Result<Self> {
        java::available()
            .map_err(|missing| anyhow!(missing))
            .context("Kafka can't be booted here: install Java 17 and Maven, or name a cluster with --brokers")?;
        let brokers = Builder::new()
            .at_full_speed()
            // The harness sets less, for many brokers on one machine; these are Kafka's own defaults.
            .property("num.network.threads", 3)
            .property("num.io.threads", 8)
            // What a run wrote is off the disk before the next one.
            .property("log.segment.delete.delay.ms", 100)
            .start_cluster(count);
        Self::new(brokers.bootstrap(), Some(brokers))
    }

    fn new(bootstrap: String, brokers: Option<Brokers>) -> anyhow::Result<Self> {
        let admin = ClientConfig::new()
            .set("bootstrap.servers", &bootstrap)
            .create()
            .context("can't open a Kafka client")?;
        Ok(Self {
            bootstrap,
            brokers,
            admin,
            runtime: runtime::Builder::new_current_thread()
                .enable_all()
                .build()?,
        })
    }

    pub(crate) fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// Of brokers of our own; none otherwise.
    pub(crate) fn process_ids(&self) -> Vec<u32> {
        let brokers = self.brokers.iter().flat_map(|brokers| brokers.iter());
        brokers.filter_map(Broker::process_id).collect()
    }

    pub(crate) fn create(&self, topics: &[(String, u32)]) -> anyhow::Result<()> {
        let topics: Vec<_> = topics
            .iter()
            .map(|(name, partitions)| {
                let partitions = i32::try_from(*partitions)?;
                // -1: the broker's default.
                Ok(NewTopic::new(name, partitions, TopicReplication::Fixed(-1)))
            })
            .collect::<anyhow::Result<_>>()?;
        let created = self
            .runtime
            .block_on(self.admin.create_topics(&topics, &options()))?;
        for outcome in created {
            outcome.map_err(|(topic, code)| anyhow!("can't create topic {topic}: {code}"))?;
        }
        Ok(())
    }

    /// Removes the topics and groups whose names begin so.
    pub(crate) fn remove(&self, prefix: &str) -> anyhow::Result<()> {
        let client = self.admin.inner();
        let ours = |name: &&str| name.starts_with(prefix);
        let metadata = client
            .fetch_metadata(None, LIMIT)
            .context("can't list the topics")?;
        let topics: Vec<&str> = metadata
            .topics()
            .iter()
            .map(|topic| topic.name())
            .filter(ours)
            .collect();
        let groups = client
            .fetch_group_list(None, LIMIT)
            .context("can't list the groups")?;
        let groups: Vec<&str> = groups
            .groups()
            .iter()
            .map(|group| group.name())
            .filter(ours)
            .collect();
        self.runtime.block_on(async {
            if !topics.is_empty() {
                for outcome in self.admin.delete_topics(&topics, &options()).await? {
                    outcome
                        .map_err(|(topic, code)| anyhow!("can't delete topic {topic}: {code}"))?;
                }
            }
            if !groups.is_empty() {
                for outcome in self.admin.delete_groups(&groups, &options()).await? {
                    outcome
                        .map_err(|(group, code)| anyhow!("can't delete group {group}: {code}"))?;
                }
            }
            Ok(())
        })
    }
}

fn options() -> AdminOptions {
    AdminOptions::new()
        .request_timeout(Some(LIMIT))
        .operation_timeout(Some(LIMIT))
}

//! The transport of a simulation: a broker in memory, and a network around it that delays, loses and
//! repeats, as a seed decides. All of it happens in tokio's paused time.
//!
//! It does what Kafka and librdkafka do together: records of a producer keep their order within a
//! partition, groups have several members that hand partitions over one by one and lose them when
//! they are silent, commits are made or refused or nobody knows, and what leaves a process that is
//! killed may arrive still.

mod broker;
mod commits;
mod control;
mod coordinator;
mod faults;
mod heart;
mod inbox;
mod log;
mod mailbox;
mod member;
mod producer;
mod reader;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use self::broker::Broker;
pub use self::broker::Open;
pub use self::faults::Faults;
use self::inbox::SimulatedInbox;
use self::producer::SimulatedProducer;
use super::{
    Access, CreateOutcome, Deliveries, GroupConfig, Inbox, Member, NewTopic, PartitionRef,
    Producer, Record, Records, TopicState, Transport, TransportError, Writes,
};
use crate::simulation::{Chance, current};

/// A cluster that lives until it is stopped. Tasks go to the runtime on which something is opened, and
/// to the process of the simulation that opens it.
pub(crate) struct SimulatedTransport {
    broker: Arc<Broker>,
}

impl SimulatedTransport {
    pub(crate) fn start(chance: Chance, faults: Faults) -> Self {
        Self {
            broker: Broker::start(chance, faults),
        }
    }

    /// What goes wrong from now on.
    pub(crate) fn set_faults(&self, faults: Faults) {
        self.broker.with(|state| state.faults = faults);
    }

    /// The broker is away for a time.
    pub(crate) fn restart(&self, away: Duration) {
        self.broker.with(|state| state.restart(away));
    }

    /// Gives the partitions of all groups out anew.
    pub(crate) fn rebalance(&self) {
        self.broker.with(|state| {
            let names: Vec<String> = state.groups.keys().cloned().collect();
            for name in names {
                state.in_group(&name, |group, known, faults, chance| {
                    let faults = Faults {
                        shuffled: 1_000,
                        ..*faults
                    };
                    ((), group.rebalance(known, &faults, chance))
                });
            }
        });
    }

    /// Forgets what is older in the topics whose names end like this.
    pub(crate) fn retain(&self, suffix: &str, age: Duration) {
        let since = Instant::now().checked_sub(age);
        if let Some(since) = since {
            self.broker
                .with(|state| state.topics.retain(since, |topic| topic.ends_with(suffix)));
        }
    }

    pub(crate) fn open(&self) -> Open {
        self.broker.with(|state| state.open)
    }

    /// No more happens.
    pub(crate) fn stop(&self) {
        self.broker.stop();
    }

    async fn reach(&self, limit: Duration) -> Result<(), TransportError> {
        self.broker.reach(current().as_ref(), limit).await
    }
}

#[async_trait]
impl Transport for SimulatedTransport {
    async fn check(&self, limit: Duration) -> Result<(), TransportError> {
        self.reach(limit).await
    }

    async fn topics(
        &self,
        names: &[Arc<str>],
        limit: Duration,
    ) -> Result<Vec<TopicState>, TransportError> {
        self.reach(limit).await?;
        Ok(self.broker.with(|state| {
            let known = |name: &Arc<str>| match state.topics.partitions(name) {
                Some(partitions) => TopicState::Ready {
                    partitions,
                    access: Access::ALL,
                },
                None => TopicState::Missing,
            };
            names.iter().map(known).collect()
        }))
    }

    async fn create_topics(
        &self,
        topics: &[NewTopic],
        limit: Duration,
    ) -> Result<Vec<CreateOutcome>, TransportError> {
        self.reach(limit).await?;
        Ok(self.broker.with(|state| {
            let created = |topic: &NewTopic| {
                state.topics.create(&topic.name, topic.partitions);
                CreateOutcome::Created
            };
            topics.iter().map(created).collect()
        }))
    }

    fn producer(
        &self,
        writes: Writes,
        _: &[(String, String)],
        deliveries: Arc<dyn Deliveries>,
    ) -> Result<Arc<dyn Producer>, TransportError> {
        let producer = SimulatedProducer::open(&self.broker, writes, deliveries);
        Ok(Arc::new(producer))
    }

    fn inbox(
        &self,
        _: &[(String, String)],
        records: Box<dyn Records>,
    ) -> Result<Arc<dyn Inbox>, TransportError> {
        Ok(Arc::new(SimulatedInbox::open(&self.broker, records)))
    }

    async fn bounds(
        &self,
        partition: &PartitionRef,
        limit: Duration,
    ) -> Result<Range<i64>, TransportError> {
        self.reach(limit).await?;
        self.broker.with(|state| state.topics.bounds(partition))
    }

    async fn read(
        &self,
        partition: &PartitionRef,
        offsets: Range<i64>,
        most: usize,
        limit: Duration,
    ) -> Result<Vec<Record>, TransportError> {
        self.reach(limit).await?;
        let mut records = Vec::new();
        self.broker.with(|state| {
            let topics = &state.topics;
            topics.read(partition, offsets.start, most, &mut records);
        });
        records.retain(|record| record.offset < offsets.end);
        Ok(records)
    }

    async fn delete_before(
        &self,
        partition: &PartitionRef,
        offset: i64,
        limit: Duration,
    ) -> Result<(), TransportError> {
        self.reach(limit).await?;
        self.broker
            .with(|state| state.topics.delete_before(partition, offset))
    }

    fn join(&self, config: GroupConfig, member: Box<dyn Member>) -> Result<(), TransportError> {
        member::join(&self.broker, config, member)
    }
}

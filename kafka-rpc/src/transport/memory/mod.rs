//! The transport in the memory of this process: records in partitions, without a broker, sockets or
//! threads. On a runtime of one thread, the same calls take the same steps each time.
//!
//! It does what one server and its clients need. A group has one member, which gets all partitions;
//! nothing fails but what can't be done.

mod group;
mod groups;
mod inbox;
mod log;
mod producer;
mod reader;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use self::groups::Groups;
use self::inbox::MemoryInbox;
use self::log::Log;
use self::producer::MemoryProducer;
use super::{
    Access, CreateOutcome, Deliveries, GroupConfig, Inbox, Member, NewTopic, PartitionRef,
    Producer, Record, Records, TopicState, Transport, TransportError, Writes,
};

/// A cluster that lives as long as this value and what was opened from it. Tasks go to the runtime
/// on which something is opened.
#[derive(Default)]
pub(crate) struct MemoryTransport {
    log: Arc<Log>,
    groups: Arc<Groups>,
}

#[async_trait]
impl Transport for MemoryTransport {
    async fn check(&self, _: Duration) -> Result<(), TransportError> {
        Ok(())
    }

    async fn topics(
        &self,
        names: &[Arc<str>],
        _: Duration,
    ) -> Result<Vec<TopicState>, TransportError> {
        let state = |name: &Arc<str>| match self.log.partitions(name) {
            Some(partitions) => TopicState::Ready {
                partitions,
                access: Access::ALL,
            },
            None => TopicState::Missing,
        };
        Ok(names.iter().map(state).collect())
    }

    async fn create_topics(
        &self,
        topics: &[NewTopic],
        _: Duration,
    ) -> Result<Vec<CreateOutcome>, TransportError> {
        let created = |topic: &NewTopic| {
            self.log.create(&topic.name, topic.partitions);
            CreateOutcome::Created
        };
        Ok(topics.iter().map(created).collect())
    }

    fn producer(
        &self,
        writes: Writes,
        _: &[(String, String)],
        deliveries: Arc<dyn Deliveries>,
    ) -> Result<Arc<dyn Producer>, TransportError> {
        let producer = MemoryProducer::open(Arc::clone(&self.log), writes, deliveries);
        Ok(Arc::new(producer))
    }

    fn inbox(
        &self,
        _: &[(String, String)],
        records: Box<dyn Records>,
    ) -> Result<Arc<dyn Inbox>, TransportError> {
        let inbox = MemoryInbox::open(Arc::clone(&self.log), records);
        Ok(Arc::new(inbox))
    }

    async fn bounds(
        &self,
        partition: &PartitionRef,
        _: Duration,
    ) -> Result<Range<i64>, TransportError> {
        self.log.bounds(partition)
    }

    async fn read(
        &self,
        partition: &PartitionRef,
        offsets: Range<i64>,
        most: usize,
        _: Duration,
    ) -> Result<Vec<Record>, TransportError> {
        let mut records = Vec::new();
        self.log.read(partition, offsets.start, most, &mut records);
        records.retain(|record| record.offset < offsets.end);
        Ok(records)
    }

    async fn delete_before(
        &self,
        partition: &PartitionRef,
        offset: i64,
        _: Duration,
    ) -> Result<(), TransportError> {
        self.log.delete_before(partition, offset)
    }

    fn join(&self, config: GroupConfig, member: Box<dyn Member>) -> Result<(), TransportError> {
        group::join(&self.log, &self.groups, config, member)
    }
}

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::metadata::Metadata;
use rdkafka::types::RDKafkaErrorCode;

use super::{Probe, SLICE, state};
use crate::transport::{Access, TopicState, TransportError};

/// A name that no topic has: asking for none would list every topic there is.
const NO_TOPIC: &str = "kafka-rpc.check";

impl Probe {
    /// Whether the cluster answers. Blocks.
    pub(in crate::transport::kafka) fn check(
        &self,
        doing: &str,
        limit: Duration,
    ) -> Result<(), TransportError> {
        self.metadata(doing, NO_TOPIC, Instant::now() + limit)
            .map(drop)
    }

    /// Looks topics up on a broker without rights and without an administration. Blocks.
    pub(in crate::transport::kafka) fn open_topics(
        &self,
        names: &[Arc<str>],
        limit: Duration,
    ) -> Result<Vec<TopicState>, TransportError> {
        let until = Instant::now() + limit;
        names
            .iter()
            .map(|name| self.open_topic(name, until))
            .collect()
    }

    fn open_topic(&self, name: &str, until: Instant) -> Result<TopicState, TransportError> {
        let doing = format!("look topic {name} up");
        let metadata = self.metadata(&doing, name, until)?;
        let topic = metadata.topics().iter().find(|topic| topic.name() == name);
        Ok(topic.map_or(TopicState::Missing, |topic| {
            let code = topic
                .error()
                .map_or(RDKafkaErrorCode::NoError, RDKafkaErrorCode::from);
            state(&doing, code, topic.partitions().len(), Access::ALL)
        }))
    }

    fn metadata(
        &self,
        doing: &str,
        topic: &str,
        until: Instant,
    ) -> Result<Metadata, TransportError> {
        let mut slice = SLICE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let outcome = self.client().fetch_metadata(Some(topic), left.min(slice));
            let error = match outcome {
                Ok(metadata) => return Ok(metadata),
                Err(error) => error,
            };
            if let Some(refused) = self.refused(doing) {
                return Err(refused);
            }
            if left <= slice {
                return Err(self.explained(doing, &error));
            }
            // Each try asks anew, so a slow cluster has to be given more time.
            slice *= 2;
        }
    }
}

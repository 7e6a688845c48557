//! Creating topics on a real cluster.

use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic as NativeTopic, TopicReplication};
use rdkafka::types::RDKafkaErrorCode;

use super::context::Context;
use super::error::{explained, failure};
use crate::transport::{CreateOutcome, NewTopic, TransportError};

/// Creates topics, in the order given.
pub(super) async fn create(
    admin: &AdminClient<Context>,
    topics: &[NewTopic],
    limit: Duration,
) -> Result<Vec<CreateOutcome>, TransportError> {
    let native: Vec<NativeTopic<'_>> = topics.iter().map(native_topic).collect();
    let options = AdminOptions::new()
        .request_timeout(Some(limit))
        .operation_timeout(Some(limit));
    let results = admin
        .create_topics(native.iter(), &options)
        .await
        .map_err(|error| explained("create topics", &error, &admin.inner().context().last_error))?;
    Ok(topics
        .iter()
        .map(|topic| {
            let refused = results
                .iter()
                .filter_map(|result| result.as_ref().err())
                .find(|(name, _)| **name == *topic.name);
            match refused {
                None | Some((_, RDKafkaErrorCode::TopicAlreadyExists)) => CreateOutcome::Created,
                Some((
                    _,
                    RDKafkaErrorCode::TopicAuthorizationFailed
                    | RDKafkaErrorCode::ClusterAuthorizationFailed,
                )) => CreateOutcome::Denied,
                Some((_, code)) => CreateOutcome::Refused(TransportError::new(
                    failure(*code),
                    format!("can't create topic {}: {code}", topic.name),
                )),
            }
        })
        .collect())
}

fn native_topic(topic: &NewTopic) -> NativeTopic<'_> {
    let partitions = i32::try_from(topic.partitions).unwrap_or(i32::MAX);
    // -1: the broker's default.
    let replication = TopicReplication::Fixed(topic.replication.map_or(-1, i32::from));
    topic.config.iter().fold(
        NativeTopic::new(&topic.name, partitions, replication),
        |native, (name, value)| native.set(name, value),
    )
}

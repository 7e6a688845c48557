//! Looking topics up and creating them, on a real cluster.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic as NativeTopic, TopicReplication};
use rdkafka::client::Client;
use rdkafka::types::RDKafkaErrorCode;

use super::context::Context;
use super::error::{explained, failure};
use crate::transport::{CreateOutcome, NewTopic, TopicState, TransportError};

/// How often a lookup that met a passing error is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// Looks topics up one by one: asking for all would list the whole cluster. Blocks.
pub(super) fn lookup(
    client: &Client<Context>,
    names: &[Arc<str>],
    limit: Duration,
) -> Result<Vec<TopicState>, TransportError> {
    let until = Instant::now() + limit;
    names
        .iter()
        .map(|name| lookup_one(client, name, until))
        .collect()
}

fn lookup_one(
    client: &Client<Context>,
    name: &str,
    until: Instant,
) -> Result<TopicState, TransportError> {
    let doing = format!("look topic {name} up");
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let metadata = client
            .fetch_metadata(Some(name), left)
            .map_err(|error| explained(&doing, &error, &client.context().last_error))?;
        let state = match metadata.topics().iter().find(|topic| topic.name() == name) {
            None => TopicState::Missing,
            Some(topic) => match topic.error().map(RDKafkaErrorCode::from) {
                None => TopicState::Ready {
                    partitions: u32::try_from(topic.partitions().len()).unwrap_or(u32::MAX),
                },
                Some(
                    RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic,
                ) => TopicState::Missing,
                Some(RDKafkaErrorCode::TopicAuthorizationFailed) => TopicState::Denied,
                // A topic that is being created: its leaders are not chosen yet.
                Some(RDKafkaErrorCode::LeaderNotAvailable)
                    if Instant::now() + RETRY_PAUSE < until =>
                {
                    std::thread::sleep(RETRY_PAUSE);
                    continue;
                }
                Some(code) => TopicState::Failed(TransportError::new(
                    failure(code),
                    format!("can't {doing}: {code}"),
                )),
            },
        };
        return Ok(state);
    }
}

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

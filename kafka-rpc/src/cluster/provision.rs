//! Makes sure that topics exist: creates them where that is allowed, tells how to where it is not.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::Error;
use crate::error::{TopicProblem, TopicProblems};
use crate::transport::{CreateOutcome, NewTopic, TopicState, Transport};

/// How often a topic that was just created is looked up until it is seen everywhere.
const SETTLE_PAUSE: Duration = Duration::from_millis(20);

/// Topics that are needed, and what may be done about missing ones.
pub(crate) struct Wanted<'a> {
    pub(crate) topics: Vec<NewTopic>,
    pub(crate) may_create: bool,
    pub(crate) bootstrap: &'a str,
}

/// Makes sure that all wanted topics exist and tells the number of their partitions.
pub(crate) async fn ensure(
    transport: &dyn Transport,
    wanted: &Wanted<'_>,
    limit: Duration,
) -> Result<HashMap<Arc<str>, u32>, Error> {
    let until = Instant::now() + limit;
    let mut found = HashMap::with_capacity(wanted.topics.len());
    let mut problems = Vec::new();
    let missing = look(
        transport,
        wanted,
        &wanted.topics,
        limit,
        &mut found,
        &mut problems,
    )
    .await?;
    let made = if !missing.is_empty() && wanted.may_create {
        create(transport, wanted, missing, until, &mut problems).await?
    } else {
        problems.extend(missing.iter().map(|topic| {
            wanted.problem(
                topic,
                "it does not exist, and creating topics is switched off",
            )
        }));
        Vec::new()
    };
    if !problems.is_empty() {
        return Err(Error::Topics(TopicProblems(problems)));
    }
    settle(transport, wanted, made, until, &mut found).await?;
    Ok(found)
}

/// Sorts topics into found ones, problems, and the missing ones that are returned.
async fn look(
    transport: &dyn Transport,
    wanted: &Wanted<'_>,
    topics: &[NewTopic],
    limit: Duration,
    found: &mut HashMap<Arc<str>, u32>,
    problems: &mut Vec<TopicProblem>,
) -> Result<Vec<NewTopic>, Error> {
    let names: Vec<Arc<str>> = topics.iter().map(|topic| Arc::clone(&topic.name)).collect();
    let states = transport.topics(&names, limit).await?;
    let mut missing = Vec::new();
    for (topic, state) in topics.iter().zip(states) {
        match state {
            TopicState::Ready { partitions } => {
                found.insert(Arc::clone(&topic.name), partitions);
            }
            TopicState::Missing => missing.push(topic.clone()),
            TopicState::Denied => problems.push(wanted.right(topic, "Describe")),
            TopicState::Failed(error) => problems.push(wanted.problem(topic, &error.message)),
        }
    }
    Ok(missing)
}

async fn create(
    transport: &dyn Transport,
    wanted: &Wanted<'_>,
    missing: Vec<NewTopic>,
    until: Instant,
    problems: &mut Vec<TopicProblem>,
) -> Result<Vec<NewTopic>, Error> {
    let left = until.saturating_duration_since(Instant::now());
    let outcomes = transport.create_topics(&missing, left).await?;
    let mut made = Vec::with_capacity(missing.len());
    for (topic, outcome) in missing.into_iter().zip(outcomes) {
        match outcome {
            CreateOutcome::Created => made.push(topic),
            CreateOutcome::Denied => problems.push(wanted.problem(
                &topic,
                "it does not exist, and the right to create it is missing",
            )),
            CreateOutcome::Refused(error) => {
                problems.push(wanted.problem(&topic, &error.message));
            }
        }
    }
    Ok(made)
}

/// A created topic is not known to every broker at once.
async fn settle(
    transport: &dyn Transport,
    wanted: &Wanted<'_>,
    mut made: Vec<NewTopic>,
    until: Instant,
    found: &mut HashMap<Arc<str>, u32>,
) -> Result<(), Error> {
    while !made.is_empty() {
        let left = until.saturating_duration_since(Instant::now());
        let mut problems = Vec::new();
        made = look(transport, wanted, &made, left, found, &mut problems).await?;
        if made.is_empty() && problems.is_empty() {
            return Ok(());
        }
        if Instant::now() + SETTLE_PAUSE > until {
            let unseen = "it was created, but the cluster does not show it yet";
            problems.extend(made.iter().map(|topic| wanted.problem(topic, unseen)));
            return Err(Error::Topics(TopicProblems(problems)));
        }
        tokio::time::sleep(SETTLE_PAUSE).await;
    }
    Ok(())
}

impl Wanted<'_> {
    fn problem(&self, topic: &NewTopic, reason: &str) -> TopicProblem {
        let mut command = format!(
            "kafka-topics.sh --bootstrap-server {} --create --topic {} --partitions {}",
            self.bootstrap, topic.name, topic.partitions
        );
        if let Some(factor) = topic.replication {
            command.push_str(&format!(" --replication-factor {factor}"));
        }
        for (name, value) in &topic.config {
            command.push_str(&format!(" --config {name}={value}"));
        }
        TopicProblem {
            topic: topic.name.to_string(),
            reason: reason.to_owned(),
            command,
        }
    }

    fn right(&self, topic: &NewTopic, operation: &str) -> TopicProblem {
        TopicProblem {
            topic: topic.name.to_string(),
            reason: format!("the right to {operation} it is missing"),
            command: format!(
                "kafka-acls.sh --bootstrap-server {} --add --allow-principal User:<name> \
                 --operation Describe --operation Read --operation Write --topic {}",
                self.bootstrap, topic.name
            ),
        }
    }
}

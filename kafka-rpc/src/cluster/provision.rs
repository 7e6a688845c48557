//! Makes sure that topics exist: creates them where that is allowed, tells how to where it is not.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::Error;
use crate::error::{TopicProblem, TopicProblems};
use crate::transport::{Access, CreateOutcome, NewTopic, TopicState, Transport, grant_command};

/// How often a topic that was just created is looked up until it is seen everywhere.
const SETTLE_PAUSE: Duration = Duration::from_millis(20);
/// How long a topic that somebody else just created may be unknown to the broker that is asked.
const UNSEEN_LIMIT: Duration = Duration::from_secs(1);

/// Topics that are needed, and what may be done about missing topics.
pub(crate) struct Wanted<'a> {
    pub(crate) topics: Vec<WantedTopic>,
    pub(crate) may_create: bool,
    pub(crate) bootstrap: &'a str,
}

/// A topic, and what it is needed for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct WantedTopic {
    topic: NewTopic,
    right: Right,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Right {
    Read,
    Write,
    ReadAndWrite,
}

impl WantedTopic {
    pub(crate) fn read(topic: NewTopic) -> Self {
        let right = Right::Read;
        Self { topic, right }
    }

    pub(crate) fn written(topic: NewTopic) -> Self {
        let right = Right::Write;
        Self { topic, right }
    }

    pub(crate) fn read_and_written(topic: NewTopic) -> Self {
        let right = Right::ReadAndWrite;
        Self { topic, right }
    }

    fn is_granted(&self, access: Access) -> bool {
        match self.right {
            Right::Read => access.read,
            Right::Write => access.write,
            Right::ReadAndWrite => access.read && access.write,
        }
    }
}

/// Makes sure that all that is wanted exists and may be used, and tells the number of partitions.
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
        until,
        &mut found,
        &mut problems,
    )
    .await?;
    let made = if !missing.is_empty() && wanted.may_create {
        create(transport, wanted, missing, until, &mut problems).await?
    } else {
        let missing = watch(transport, wanted, missing, until, &mut found, &mut problems).await?;
        problems.extend(missing.iter().map(|wanted_topic| {
            let reason = "it does not exist, and creating topics is switched off";
            wanted.problem(&wanted_topic.topic, reason)
        }));
        Vec::new()
    };
    if !problems.is_empty() {
        return Err(Error::Topics(TopicProblems(problems)));
    }
    settle(transport, wanted, made, until, &mut found).await?;
    Ok(found)
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

/// Sorts topics into found ones, problems, and the missing ones that are returned.
async fn look(
    transport: &dyn Transport,
    wanted: &Wanted<'_>,
    topics: &[WantedTopic],
    until: Instant,
    found: &mut HashMap<Arc<str>, u32>,
    problems: &mut Vec<TopicProblem>,
) -> Result<Vec<WantedTopic>, Error> {
    if topics.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<Arc<str>> = topics
        .iter()
        .map(|wanted| Arc::clone(&wanted.topic.name))
        .collect();
    let states = transport.topics(&names, left(until)).await?;
    let mut missing = Vec::new();
    for (topic, state) in topics.iter().zip(states) {
        match state {
            TopicState::Ready { access, .. } if !topic.is_granted(access) => {
                problems.push(wanted.missing_right(topic));
            }
            TopicState::Ready { partitions, .. } => {
                found.insert(Arc::clone(&topic.topic.name), partitions);
            }
            TopicState::Missing => missing.push(topic.clone()),
            TopicState::Denied => problems.push(wanted.missing_right(topic)),
            TopicState::Failed(error) => {
                problems.push(wanted.problem(&topic.topic, &error.message));
            }
        }
    }
    Ok(missing)
}

/// Looks missing topics up until they are there or have been missing for long enough.
async fn watch(
    transport: &dyn Transport,
    wanted: &Wanted<'_>,
    mut missing: Vec<WantedTopic>,
    until: Instant,
    found: &mut HashMap<Arc<str>, u32>,
    problems: &mut Vec<TopicProblem>,
) -> Result<Vec<WantedTopic>, Error> {
    let unseen_until = until.min(Instant::now() + UNSEEN_LIMIT);
    while !missing.is_empty() && Instant::now() + SETTLE_PAUSE < unseen_until {
        tokio::time::sleep(SETTLE_PAUSE).await;
        missing = look(transport, wanted, &missing, until, found, problems).await?;
    }
    Ok(missing)
}

async fn create(
    transport: &dyn Transport,
    wanted: &Wanted<'_>,
    missing: Vec<WantedTopic>,
    until: Instant,
    problems: &mut Vec<TopicProblem>,
) -> Result<Vec<WantedTopic>, Error> {
    let topics: Vec<NewTopic> = missing.iter().map(|wanted| wanted.topic.clone()).collect();
    let outcomes = transport.create_topics(&topics, left(until)).await?;
    let mut made = Vec::with_capacity(missing.len());
    for (topic, outcome) in missing.into_iter().zip(outcomes) {
        match outcome {
            CreateOutcome::Created => made.push(topic),
            CreateOutcome::Denied => {
                let reason = "it does not exist, and the right to create it is missing";
                problems.push(wanted.problem(&topic.topic, reason));
            }
            CreateOutcome::Refused(error) => {
                problems.push(wanted.problem(&topic.topic, &error.message));
            }
        }
    }
    Ok(made)
}

/// A created topic is not known to every broker at once.
async fn settle(
    transport: &dyn Transport,
    wanted: &Wanted<'_>,
    mut made: Vec<WantedTopic>,
    until: Instant,
    found: &mut HashMap<Arc<str>, u32>,
) -> Result<(), Error> {
    while !made.is_empty() {
        let mut problems = Vec::new();
        made = look(transport, wanted, &made, until, found, &mut problems).await?;
        if made.is_empty() && problems.is_empty() {
            return Ok(());
        }
        if Instant::now() + SETTLE_PAUSE > until {
            let unseen = "it was created, but the cluster does not show it yet";
            problems.extend(made.iter().map(|made| wanted.problem(&made.topic, unseen)));
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

    fn missing_right(&self, wanted: &WantedTopic) -> TopicProblem {
        let (right, operation) = match wanted.right {
            Right::Read => ("Read", "Read"),
            Right::Write => ("Write", "Write"),
            Right::ReadAndWrite => ("Read and Write", "Read --operation Write"),
        };
        let name = &wanted.topic.name;
        TopicProblem {
            topic: name.to_string(),
            reason: format!("the right to {right} is missing"),
            command: grant_command(self.bootstrap, operation, "--topic", name),
        }
    }
}

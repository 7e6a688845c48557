//! A consumer group's member, on a thread of its own.

mod commit;
mod context;
mod control;

use std::sync::Arc;
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;

use self::context::GroupContext;
use self::control::GroupControl;
use super::error::{explained, transport_error};
use super::message::{TopicCache, record};
use crate::transport::{Failure, GroupConfig, Member, TransportError, grant_command};

/// How long the thread rests before it asks again what it has to know.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// Joins a group and lives as its member on a thread of its own.
pub(super) fn join(
    native: &ClientConfig,
    config: &GroupConfig,
    member: Box<dyn Member>,
) -> Result<(), TransportError> {
    let doing = format!("join group {}", config.group);
    let consumer: BaseConsumer<GroupContext> = native
        .create_with_context(GroupContext::new(member))
        .map_err(|error| transport_error(&doing, &error))?;
    let denied = Denied {
        group: config.group.clone(),
        topics: config.topics.join(", "),
        bootstrap: native
            .get("bootstrap.servers")
            .unwrap_or_default()
            .to_owned(),
    };
    let topics: Vec<&str> = config.topics.iter().map(|topic| &**topic).collect();
    consumer
        .subscribe(&topics)
        .map_err(|error| transport_error(&doing, &error))?;
    let batch = config.batch;
    std::thread::Builder::new()
        .name("kafka-rpc-group".into())
        .spawn(move || live(consumer, batch, &denied))
        .map(drop)
        .map_err(|error| TransportError::new(Failure::Other, format!("can't {doing}: {error}")))
}

fn live(consumer: BaseConsumer<GroupContext>, batch_limit: usize, denied: &Denied) {
    let context = Arc::clone(consumer.context());
    serve(&consumer, &context, batch_limit, denied);
    context.close(&consumer);
    drop(consumer);
}

fn serve(
    consumer: &BaseConsumer<GroupContext>,
    context: &GroupContext,
    batch_limit: usize,
    denied: &Denied,
) {
    let control = GroupControl::new(consumer, context);
    let mut topics = TopicCache::default();
    let mut batch = Vec::with_capacity(batch_limit);
    loop {
        let next = context.member.lock().tick(&control);
        let Some(mut wait) = next else { return };
        while batch.len() < batch_limit {
            match consumer.poll(wait) {
                Some(Ok(message)) => batch.push(record(&message, &mut topics)),
                Some(Err(error)) => {
                    trouble(context, &error, denied);
                    break;
                }
                None => break,
            }
            wait = Duration::ZERO;
        }
        if !batch.is_empty() {
            context.member.lock().records(&mut batch);
            batch.clear();
        }
        context.finish_revocation(consumer);
    }
}

/// Says which right is missing.
struct Denied {
    group: String,
    topics: String,
    bootstrap: String,
}

impl Denied {
    fn explain(&self, error: TransportError, code: Option<RDKafkaErrorCode>) -> TransportError {
        let (what, resource, name) = match code {
            Some(RDKafkaErrorCode::GroupAuthorizationFailed) => (
                format!("join group {}", self.group),
                "--group",
                &*self.group,
            ),
            Some(RDKafkaErrorCode::TopicAuthorizationFailed) => {
                (format!("read all of {}", self.topics), "--topic", "<topic>")
            }
            _ => return error,
        };
        let command = grant_command(&self.bootstrap, "Read", resource, name);
        let message = format!("can't {what}: the right to Read is missing\n    {command}");
        TransportError { message, ..error }
    }
}

fn trouble(context: &GroupContext, error: &KafkaError, denied: &Denied) {
    let code = error.rdkafka_error_code();
    let error = match error {
        KafkaError::MessageConsumptionFatal(_) => TransportError {
            failure: Failure::Fatal,
            ..explained("read requests", error, &context.client.last_error)
        },
        _ => transport_error("read requests", error),
    };
    match error.failure {
        Failure::Fatal | Failure::Denied => {
            context.member.lock().failed(denied.explain(error, code));
        }
        // The context has told of it, and the library tries again. There may be many more behind
        // it, and records behind those: no time to rest.
        _ => metrics::counter!("kafka_rpc.server.read_errors").increment(1),
    }
}

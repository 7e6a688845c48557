//! A consumer group's member, on a thread of its own.

mod commit;
mod context;
mod control;

use std::sync::Arc;
use std::time::Duration;

use rdkafka::bindings::{
    RD_KAFKA_EVENT_ERROR, RD_KAFKA_EVENT_OFFSET_COMMIT, RD_KAFKA_EVENT_REBALANCE,
};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext as _};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;

use self::context::GroupContext;
use self::control::GroupControl;
use super::error::{explained, transport_error};
use super::events::{Event, Queue};
use super::message::TopicCache;
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
    let queue = match Queue::consumer(consumer.client()) {
        Ok(queue) => queue,
        Err(error) => {
            let error = transport_error("read requests", &error);
            return context.member.lock().failed(error);
        }
    };
    let control = GroupControl::new(consumer, context, &queue);
    let mut topics = TopicCache::default();
    let mut batch = Vec::with_capacity(batch_limit);
    loop {
        let next = context.member.lock().tick(&control);
        let Some(mut wait) = next else { return };
        while batch.len() < batch_limit {
            let Some(event) = queue.poll(wait) else { break };
            let Some(record) = event.record(&mut topics) else {
                handle(&event, consumer, context, denied);
                break;
            };
            batch.push(record);
            wait = Duration::ZERO;
        }
        if !batch.is_empty() {
            context.member.lock().records(&mut batch);
            batch.clear();
        }
        context.finish_revocation(consumer);
    }
}

fn handle(
    event: &Event<'_>,
    consumer: &BaseConsumer<GroupContext>,
    context: &GroupContext,
    denied: &Denied,
) {
    match event.kind() {
        RD_KAFKA_EVENT_REBALANCE => {
            context.rebalance(consumer, event.code(), &mut event.partitions());
        }
        RD_KAFKA_EVENT_OFFSET_COMMIT => context.committed_in_background(event.committed()),
        RD_KAFKA_EVENT_ERROR => {
            event.tell(context);
            trouble(context, event, denied);
        }
        _ => event.tell(context),
    }
}

/// Says which right is missing.
struct Denied {
    group: String,
    topics: String,
    bootstrap: String,
}

impl Denied {
    fn explain(&self, error: TransportError, code: RDKafkaErrorCode) -> TransportError {
        let (what, resource, name) = match code {
            RDKafkaErrorCode::GroupAuthorizationFailed => (
                format!("join group {}", self.group),
                "--group",
                &*self.group,
            ),
            RDKafkaErrorCode::TopicAuthorizationFailed => {
                (format!("read all of {}", self.topics), "--topic", "<topic>")
            }
            _ => return error,
        };
        let command = grant_command(&self.bootstrap, "Read", resource, name);
        let message = format!("can't {what}: the right to Read is missing\n    {command}");
        TransportError { message, ..error }
    }
}

fn trouble(context: &GroupContext, event: &Event<'_>, denied: &Denied) {
    let code = event.code().into();
    let error = match event.is_fatal() {
        true => TransportError {
            failure: Failure::Fatal,
            ..explained(
                "read requests",
                &KafkaError::MessageConsumptionFatal(code),
                &context.client.last_error,
            )
        },
        false => transport_error("read requests", &KafkaError::MessageConsumption(code)),
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

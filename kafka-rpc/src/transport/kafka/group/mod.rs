//! A consumer group's member, in a task of the runtime. What blocks is done elsewhere.

mod commit;
mod context;
mod control;
mod transactions;
mod unreadable;

use std::sync::Arc;
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::bindings::{
    RD_KAFKA_EVENT_ERROR, RD_KAFKA_EVENT_OFFSET_COMMIT, RD_KAFKA_EVENT_REBALANCE,
};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext as _};
use rdkafka::error::KafkaError;
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};
use tokio::time::sleep;

use self::context::GroupContext;
use self::control::GroupControl;
use self::unreadable::{places, step_past};
use super::copies::Copies;
use super::error::{explained, transport_error};
use super::events::{Event, Events, Queue};
use super::stall::{Evidence, Watchdog};
use super::{blocking, close};
use crate::transport::{
    Failure, GroupConfig, Member, TransactionQueue, TransportError, grant_command,
};

/// How long what blocks rests before it asks again what it has to know.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// Joins a group and lives as its member in a task.
pub(super) fn join(
    native: &ClientConfig,
    config: GroupConfig,
    transactional: Option<ClientConfig>,
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
    let consumer = Arc::new(consumer);
    let queue = match (transactional, config.transactions) {
        (Some(producer), Some(transactions)) => {
            let queue = Arc::clone(&transactions.queue);
            transactions::begin(producer, Arc::clone(&consumer), transactions)?;
            Some(queue)
        }
        _ => None,
    };
    let group = Group {
        consumer,
        transactions: queue,
        batch_limit: config.batch,
        denied,
    };
    let watchdog = Watchdog::new(native.clone(), Evidence::Silence);
    tokio::spawn(async move { group.live(watchdog).await });
    Ok(())
}

/// The membership. It ends when this is dropped, also where the runtime ends with the task.
struct Group {
    consumer: Arc<BaseConsumer<GroupContext>>,
    /// What a thread of its own writes.
    transactions: Option<Arc<TransactionQueue>>,
    batch_limit: usize,
    denied: Denied,
}

/// What a rebalance says.
type Rebalance = (RDKafkaRespErr, TopicPartitionList);

impl Group {
    async fn live(&self, mut watchdog: Watchdog) {
        let context = self.consumer.context();
        let events = match Queue::consumer(self.consumer.client()) {
            Ok(queue) => Events::new(queue),
            Err(error) => {
                let error = transport_error("read requests", &error);
                return context.member.lock().failed(error);
            }
        };
        let control = GroupControl::new(&self.consumer, context, events.queue());
        let mut timer = std::pin::pin!(sleep(Duration::ZERO));
        let mut copies = Copies::default();
        let mut batch = Vec::with_capacity(self.batch_limit);
        let mut rebalance = None;
        loop {
            let Some(wait) = context.member.lock().tick(&control) else {
                return;
            };
            if let Some(changes) = control.changes() {
                watchdog.regulated(changes.resumed(), changes.paused());
                self.blocking(move |consumer| changes.apply(consumer)).await;
            }
            let mut next = match (&rebalance, batch.is_empty()) {
                (Some(_), _) => None,
                (None, false) => events.ready(),
                (None, true) => events.within(timer.as_mut(), wait).await,
            };
            while let Some(event) = next.take() {
                match event.record(&mut copies) {
                    Some(record) => batch.push(record),
                    None => rebalance = self.told(&event, &mut watchdog),
                }
                if batch.len() < self.batch_limit && rebalance.is_none() {
                    next = events.ready();
                }
            }
            if !batch.is_empty() {
                context.member.lock().records(&mut batch);
                copies.done(&mut batch);
            }
            if let Some((event, mut partitions)) = rebalance.take() {
                self.blocking(move |consumer| {
                    consumer
                        .context()
                        .rebalance(consumer, event, &mut partitions);
                })
                .await;
            }
            if let Some(revoked) = context.revocation_due(&self.consumer) {
                self.blocking(move |consumer| consumer.context().give_up(consumer, &revoked))
                    .await;
            }
            watchdog.watch(|| Some(places(&self.consumer)));
            if let Some(found) = watchdog.finding() {
                self.blocking(move |consumer| step_past(consumer, &found))
                    .await;
            }
            if let Some(event) = events.ready() {
                // Its record is taken at once: until then it doesn't count as read, and would come
                // again if its partition were paused.
                match event.record(&mut copies) {
                    Some(record) => batch.push(record),
                    None => rebalance = self.told(&event, &mut watchdog),
                }
                drop(event);
                // The calls come first. Where nothing is to be read at once they do anyway.
                tokio::task::yield_now().await;
            }
        }
    }

    /// Does what blocks on a thread where that is no harm. Nothing is read meanwhile.
    async fn blocking(&self, work: impl FnOnce(&BaseConsumer<GroupContext>) + Send + 'static) {
        let consumer = Arc::clone(&self.consumer);
        if let Err(error) = blocking::run(move || work(&consumer)).await {
            tracing::error!(%error, "a step of the group's membership");
        }
    }

    /// Handles what is no record; gives a rebalance back, which takes time.
    fn told(&self, event: &Event<'_>, watchdog: &mut Watchdog) -> Option<Rebalance> {
        let context = self.consumer.context();
        match event.kind() {
            RD_KAFKA_EVENT_REBALANCE => return Some((event.code(), event.partitions())),
            RD_KAFKA_EVENT_OFFSET_COMMIT => context.committed_in_background(event.committed()),
            RD_KAFKA_EVENT_ERROR => {
                event.tell(&**context);
                watchdog.hear(event);
                trouble(context, event, &self.denied);
            }
            _ => event.tell(&**context),
        }
        None
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(transactions) = &self.transactions {
            transactions.close();
        }
        let consumer = Arc::clone(&self.consumer);
        close::in_background_with(consumer, |consumer| consumer.context().close(consumer));
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

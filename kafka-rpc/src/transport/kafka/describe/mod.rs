//! What the cluster tells of itself, and of what this client may do there.

mod answer;
mod metadata;
mod topics;

use std::time::{Duration, Instant};

use rdkafka::bindings::{rd_kafka_AdminOptions_t, rd_kafka_queue_t, rd_kafka_t};
use rdkafka::client::Client;
use rdkafka::config::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseProducer, Producer as _, ProducerContext};
use rdkafka::types::RDKafkaErrorCode;

use self::answer::{Answer, Options, Question, Queue};
use super::context::Context;
use super::error::{explained, failure, transport_error};
use crate::transport::{Access, Failure, TopicState, TransportError};

/// How long an answer is waited for before the client is asked whether it has trouble.
const SLICE: Duration = Duration::from_millis(500);
/// How long that takes.
const DRAIN: Duration = Duration::from_millis(10);

impl ProducerContext for Context {
    type DeliveryOpaque = ();
    fn delivery(&self, _: &DeliveryResult<'_>, (): ()) {}
}

/// A client that asks. Not an `AdminClient`: of that nobody hears what trouble it has.
pub(super) struct Probe(BaseProducer<Context>);

impl Probe {
    pub(super) fn open(config: &ClientConfig) -> Result<Self, TransportError> {
        config
            .create_with_context(Context::default())
            .map(Self)
            .map_err(|error| transport_error("open a client", &error))
    }

    fn client(&self) -> &Client<Context> {
        self.0.client()
    }

    /// Asks and waits. `begin` starts the operation that `question` names. Blocks.
    fn ask(
        &self,
        doing: &str,
        question: Question,
        until: Instant,
        begin: impl FnOnce(*mut rd_kafka_t, *const rd_kafka_AdminOptions_t, *mut rd_kafka_queue_t),
    ) -> Result<Answer, TransportError> {
        let client = self.client().native_ptr();
        let options = Options::new(
            client,
            question,
            until.saturating_duration_since(Instant::now()),
        )?;
        let queue = Queue::new(client)?;
        begin(client, options.as_ptr(), queue.as_ptr());
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let error = match queue.poll(SLICE.min(left)).map(Answer::ok) {
                Some(Ok(answer)) => return Ok(answer),
                Some(Err(error)) => Some(error),
                None if left.is_zero() => Some(KafkaError::MetadataFetch(
                    RDKafkaErrorCode::OperationTimedOut,
                )),
                None => None,
            };
            if let Some(refused) = self.refused(doing) {
                return Err(refused);
            }
            if let Some(error) = error {
                return Err(self.explained(doing, &error));
            }
        }
    }

    fn explained(&self, doing: &str, error: &KafkaError) -> TransportError {
        explained(doing, error, &self.client().context().last_error)
    }

    /// Wrong credentials do not become right by waiting.
    fn refused(&self, doing: &str) -> Option<TransportError> {
        // Brings the log and the errors of the client to its context.
        self.0.poll(DRAIN);
        let (code, reason) = self.client().context().last_error.get()?;
        (failure(code) == Failure::Denied)
            .then(|| TransportError::new(Failure::Denied, format!("can't {doing}: {reason}")))
    }
}

/// What is known of a topic by the code that the cluster answered with.
fn state(doing: &str, code: RDKafkaErrorCode, partitions: usize, access: Access) -> TopicState {
    match code {
        RDKafkaErrorCode::NoError => TopicState::Ready {
            partitions: u32::try_from(partitions).unwrap_or(u32::MAX),
            access,
        },
        RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic => {
            TopicState::Missing
        }
        RDKafkaErrorCode::TopicAuthorizationFailed => TopicState::Denied,
        code => TopicState::Failed(TransportError::new(
            failure(code),
            format!("can't {doing}: {code}"),
        )),
    }
}

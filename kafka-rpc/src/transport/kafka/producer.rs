use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::RwLock;
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::KafkaError;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseRecord, Producer as _, ProducerContext, ThreadedProducer};
use rdkafka::types::RDKafkaErrorCode;

use super::close;
use super::context::Context;
use super::error::{failure, transport_error};
use super::message::owned_headers;
use crate::transport::{Deliveries, Failure, Outgoing, Producer, TransportError, Undelivered};

/// A record on its way: what comes back with its delivery.
struct InFlight {
    token: u128,
    record: Outgoing,
}

struct DeliveryContext {
    client: Context,
    deliveries: Arc<dyn Deliveries>,
    /// Set once the client can't go on.
    fatal: AtomicBool,
}

impl ClientContext for DeliveryContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.client.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::Fatal) {
            self.fatal.store(true, Ordering::Release);
        }
        self.client.error(error, reason);
    }
}

impl ProducerContext for DeliveryContext {
    type DeliveryOpaque = Box<InFlight>;

    fn delivery(&self, result: &DeliveryResult<'_>, in_flight: Box<InFlight>) {
        let InFlight { token, record } = *in_flight;
        let outcome = match result {
            Ok(_) => Ok(()),
            Err((error, _)) => {
                let error = transport_error(&format!("write to topic {}", record.topic), error);
                if error.failure == Failure::Fatal {
                    self.fatal.store(true, Ordering::Release);
                }
                Err(Undelivered { record, error })
            }
        };
        self.deliveries.delivered(token, outcome);
    }
}

type Native = ThreadedProducer<DeliveryContext>;

/// A producer that is made anew when librdkafka says that it can't go on (an idempotent producer
/// whose sequence broke, a fenced one).
pub(super) struct KafkaProducer {
    config: ClientConfig,
    deliveries: Arc<dyn Deliveries>,
    native: RwLock<Arc<Native>>,
}

impl KafkaProducer {
    pub(super) fn open(
        config: ClientConfig,
        deliveries: Arc<dyn Deliveries>,
    ) -> Result<Self, TransportError> {
        let native = open_native(&config, &deliveries)?;
        Ok(Self {
            config,
            deliveries,
            native: RwLock::new(Arc::new(native)),
        })
    }

    fn native(&self) -> Result<Arc<Native>, TransportError> {
        let native = Arc::clone(&self.native.read());
        if !is_fatal(&native) {
            return Ok(native);
        }
        let mut slot = self.native.write();
        if is_fatal(&slot) {
            tracing::warn!("the Kafka producer can't go on; a new one takes its place");
            metrics::counter!("kafka_rpc.producer.recreated").increment(1);
            let fresh = Arc::new(open_native(&self.config, &self.deliveries)?);
            close::in_background(std::mem::replace(&mut *slot, fresh));
        }
        Ok(Arc::clone(&slot))
    }
}

fn open_native(
    config: &ClientConfig,
    deliveries: &Arc<dyn Deliveries>,
) -> Result<Native, TransportError> {
    config
        .create_with_context(DeliveryContext {
            client: Context::default(),
            deliveries: Arc::clone(deliveries),
            fatal: AtomicBool::new(false),
        })
        .map_err(|error| transport_error("open a producer", &error))
}

fn is_fatal(native: &Native) -> bool {
    native.context().fatal.load(Ordering::Acquire)
}

impl Producer for KafkaProducer {
    fn send(&self, record: Outgoing, token: u128) -> Result<(), Box<Undelivered>> {
        let native = match self.native() {
            Ok(native) => native,
            Err(error) => return Err(Box::new(Undelivered { record, error })),
        };
        let in_flight = Box::new(InFlight { token, record });
        // Cheap clones: the record itself travels in the opaque, and comes back where it fails.
        let Outgoing {
            topic,
            partition,
            key,
            value,
            headers,
        } = &in_flight.record;
        let (topic, partition) = (Arc::clone(topic), *partition);
        let (key, value, headers) = (key.clone(), value.clone(), owned_headers(headers));
        let mut outgoing = BaseRecord::with_opaque_to(&topic, in_flight)
            .payload(&value[..])
            .headers(headers);
        outgoing.partition = partition;
        outgoing.key = key.as_deref();
        native.send(outgoing).map_err(|(error, refused)| {
            let doing = format!("queue a record for topic {topic}");
            let mut failed = transport_error(&doing, &error);
            if let KafkaError::MessageProduction(code) = error {
                failed.failure = failure(code);
            }
            if failed.failure == Failure::Fatal {
                native.context().fatal.store(true, Ordering::Release);
            }
            Box::new(Undelivered {
                record: refused.delivery_opaque.record,
                error: failed,
            })
        })
    }
}

impl Drop for KafkaProducer {
    fn drop(&mut self) {
        close::in_background(Arc::clone(self.native.get_mut()));
    }
}

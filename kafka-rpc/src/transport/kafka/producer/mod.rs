//! Writing records.

mod gathering;
mod native;
mod opaque;
mod topics;

use std::sync::Arc;

use parking_lot::RwLock;
use rdkafka::config::ClientConfig;

use self::gathering::Gathering;
pub(super) use self::native::Native;
use crate::transport::{Deliveries, Outgoing, Producer, TransportError, Undelivered, Writes};

/// A producer that is made anew when librdkafka says that it can't go on (an idempotent producer
/// whose sequence broke, a fenced one).
pub(super) struct KafkaProducer {
    config: ClientConfig,
    writes: Writes,
    deliveries: Arc<dyn Deliveries>,
    native: RwLock<Arc<Native>>,
    /// For patient records.
    gathering: Option<Arc<Gathering>>,
}

impl KafkaProducer {
    pub(super) fn open(
        mut config: ClientConfig,
        writes: Writes,
        deliveries: Arc<dyn Deliveries>,
    ) -> Result<Self, TransportError> {
        // Whatever the user has set: what is under way relies on it.
        let only_failures = (writes == Writes::Requests).to_string();
        config.set("delivery.report.only.error", only_failures);
        let native = Native::open(&config, writes, &deliveries)?;
        Ok(Self {
            gathering: Gathering::of(&config, writes, &deliveries),
            config,
            writes,
            deliveries,
            native: RwLock::new(native),
        })
    }

    /// Whether there is a second client at times.
    #[cfg(test)]
    pub(super) fn may_gather(&self) -> bool {
        self.gathering.is_some()
    }

    /// Whether the second client is there. It is not asked for by this.
    #[cfg(test)]
    pub(super) fn gathers(&self) -> bool {
        self.gathering.as_ref().is_some_and(|it| it.is_open())
    }

    /// Another in the place of one that can't go on, made by whoever finds that first.
    fn renew(&self) -> Result<Arc<Native>, TransportError> {
        let mut slot = self.native.write();
        if slot.is_fatal() {
            tracing::warn!("the Kafka producer can't go on; a new one takes its place");
            metrics::counter!("kafka_rpc.producer.recreated").increment(1);
            let fresh = Native::open(&self.config, self.writes, &self.deliveries)?;
            std::mem::replace(&mut *slot, fresh).close();
        }
        Ok(Arc::clone(&slot))
    }
}

impl Producer for KafkaProducer {
    fn send(&self, record: Outgoing, token: Option<u128>) -> Result<(), Box<Undelivered>> {
        if record.patient
            && let Some(gathering) = &self.gathering
            && let Some(native) = gathering.native(&record.topic)
        {
            return native.send(record, token);
        }
        {
            let native = self.native.read();
            if !native.is_fatal() {
                return native.send(record, token);
            }
        }
        match self.renew() {
            Ok(native) => native.send(record, token),
            Err(error) => {
                let error = error.unwritten();
                Err(Box::new(Undelivered { record, error }))
            }
        }
    }
}

impl Drop for KafkaProducer {
    fn drop(&mut self) {
        self.native.get_mut().close();
        if let Some(gathering) = &self.gathering {
            gathering.close();
        }
    }
}

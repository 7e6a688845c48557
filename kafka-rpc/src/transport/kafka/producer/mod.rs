//! Writing records.

mod native;
mod topics;

use std::sync::Arc;

use parking_lot::RwLock;
use rdkafka::config::ClientConfig;

use self::native::Native;
use crate::transport::{Deliveries, Outgoing, Producer, TransportError, Undelivered};

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
        let native = Native::open(&config, &deliveries)?;
        Ok(Self {
            config,
            deliveries,
            native: RwLock::new(native),
        })
    }

    /// Another in the place of one that can't go on, made by whoever finds that first.
    fn renew(&self) -> Result<Arc<Native>, TransportError> {
        let mut slot = self.native.write();
        if slot.is_fatal() {
            tracing::warn!("the Kafka producer can't go on; a new one takes its place");
            metrics::counter!("kafka_rpc.producer.recreated").increment(1);
            let fresh = Native::open(&self.config, &self.deliveries)?;
            std::mem::replace(&mut *slot, fresh).close();
        }
        Ok(Arc::clone(&slot))
    }
}

impl Producer for KafkaProducer {
    fn send(&self, record: Outgoing, token: u128) -> Result<(), Box<Undelivered>> {
        {
            let native = self.native.read();
            if !native.is_fatal() {
                return native.send(record, token);
            }
        }
        match self.renew() {
            Ok(native) => native.send(record, token),
            Err(error) => Err(Box::new(Undelivered { record, error })),
        }
    }
}

impl Drop for KafkaProducer {
    fn drop(&mut self) {
        self.native.get_mut().close();
    }
}

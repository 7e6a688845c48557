use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use rdkafka::config::ClientConfig;

use super::native::Native;
use crate::transport::{Deliveries, Outgoing, TransportError, Undelivered, Writes};

/// A client that is made anew when librdkafka says that it can't go on (an idempotent producer whose
/// sequence broke, a fenced one).
pub(super) struct Lasting {
    config: ClientConfig,
    writes: Writes,
    deliveries: Arc<dyn Deliveries>,
    native: RwLock<Arc<Native>>,
}

impl Lasting {
    pub(super) fn open(
        config: ClientConfig,
        writes: Writes,
        deliveries: Arc<dyn Deliveries>,
    ) -> Result<Self, TransportError> {
        Ok(Self {
            native: RwLock::new(Native::open(&config, writes, &deliveries)?),
            config,
            writes,
            deliveries,
        })
    }

    pub(super) fn send(
        &self,
        record: Outgoing,
        token: Option<u128>,
    ) -> Result<(), Box<Undelivered>> {
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

    /// See [`Native::look_up`].
    pub(super) fn look_up(&self, topic: &str, limit: Duration) -> Result<(), TransportError> {
        let native = Arc::clone(&self.native.read());
        native.look_up(topic, limit)
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

    #[cfg(test)]
    pub(super) fn break_down(&self) {
        self.native.read().break_down();
    }
}

impl Drop for Lasting {
    fn drop(&mut self) {
        self.native.get_mut().close();
    }
}

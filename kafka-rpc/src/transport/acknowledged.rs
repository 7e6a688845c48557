use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::{Deliveries, Delivery, Failure, Outgoing, Producer, Transport, TransportError, Writes};
use crate::hashing::HashMap;

type Outcome = Result<(), TransportError>;

/// Writes records, and waits until each is acknowledged.
pub(crate) struct AcknowledgedWrites {
    producer: Arc<dyn Producer>,
    waiting: Arc<Waiting>,
    next: AtomicU64,
}

#[derive(Default)]
struct Waiting(Mutex<HashMap<u128, oneshot::Sender<Outcome>>>);

/// Somebody who waits. To drop it is to wait no longer.
struct Waits<'a> {
    waiting: &'a Waiting,
    token: u128,
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.waiting.0.lock().remove(&self.token);
    }
}

impl AcknowledgedWrites {
    /// `wrap` may put something around the producer.
    pub(crate) fn open(
        transport: &dyn Transport,
        properties: &[(String, String)],
        wrap: impl FnOnce(Arc<dyn Producer>) -> Arc<dyn Producer>,
    ) -> Result<Self, TransportError> {
        let waiting = Arc::<Waiting>::default();
        let deliveries = Arc::clone(&waiting) as Arc<dyn Deliveries>;
        let producer = transport.producer(Writes::DurableRequests, properties, deliveries)?;
        Ok(Self {
            producer: wrap(producer),
            waiting,
            next: AtomicU64::new(0),
        })
    }

    /// How many records are not acknowledged yet.
    #[cfg(feature = "__simulated")]
    pub(crate) fn count(&self) -> usize {
        self.waiting.0.lock().len()
    }

    pub(crate) async fn send(&self, record: Outgoing) -> Outcome {
        let token = u128::from(self.next.fetch_add(1, Ordering::Relaxed));
        let (told, acknowledged) = oneshot::channel();
        self.waiting.0.lock().insert(token, told);
        let _waits = Waits {
            waiting: &self.waiting,
            token,
        };
        if let Err(undelivered) = self.producer.send(record, Some(token)) {
            return Err(undelivered.error);
        }
        acknowledged.await.unwrap_or_else(|_| {
            let message = "the producer ended before it told of the record";
            Err(TransportError::new(Failure::Fatal, message))
        })
    }
}

impl Deliveries for Waiting {
    fn delivered(&self, batch: &mut Vec<Delivery>) {
        let mut waiting = self.0.lock();
        for Delivery { token, outcome } in batch.drain(..) {
            // Of a message in pieces only the last record has a token.
            if let Some(told) = token.and_then(|token| waiting.remove(&token)) {
                // Nobody waits where the future was dropped.
                let _unwanted = told.send(outcome.map_err(|undelivered| undelivered.error));
            }
        }
    }
}

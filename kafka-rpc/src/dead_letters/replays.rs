use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::chunks::cutting;
use crate::hashing::HashMap;
use crate::transport::{
    Deliveries, Delivery, Failure, Outgoing, Producer, Transport, TransportError, Writes,
};

type Outcome = Result<(), TransportError>;

/// Writes requests, and waits until each is acknowledged.
pub(super) struct Replays {
    producer: Arc<dyn Producer>,
    waiting: Arc<Waiting>,
    next: AtomicU64,
}

#[derive(Default)]
struct Waiting(Mutex<HashMap<u128, oneshot::Sender<Outcome>>>);

impl Replays {
    pub(super) fn open(transport: &dyn Transport) -> Result<Self, TransportError> {
        let waiting = Arc::<Waiting>::default();
        let deliveries = Arc::clone(&waiting) as Arc<dyn Deliveries>;
        let producer = transport.producer(Writes::DurableRequests, &[], deliveries)?;
        Ok(Self {
            producer: cutting(producer, Some(crate::DEFAULT_MESSAGE_LIMIT)),
            waiting,
            next: AtomicU64::new(0),
        })
    }

    pub(super) async fn send(&self, request: Outgoing) -> Outcome {
        let token = u128::from(self.next.fetch_add(1, Ordering::Relaxed));
        let (told, acknowledged) = oneshot::channel();
        self.waiting.0.lock().insert(token, told);
        if let Err(undelivered) = self.producer.send(request, Some(token)) {
            self.waiting.0.lock().remove(&token);
            return Err(undelivered.error);
        }
        acknowledged.await.unwrap_or_else(|_| {
            let message = "the producer ended before it told of the request";
            Err(TransportError::new(Failure::Fatal, message))
        })
    }
}

impl Deliveries for Waiting {
    fn delivered(&self, batch: &mut Vec<Delivery>) {
        let mut waiting = self.0.lock();
        for Delivery { token, outcome } in batch.drain(..) {
            if let Some(told) = token.and_then(|token| waiting.remove(&token)) {
                // Nobody waits where the future was dropped.
                let _unwanted = told.send(outcome.map_err(|undelivered| undelivered.error));
            }
        }
    }
}

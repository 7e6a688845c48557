use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::call::Status;
use crate::client::replies::not_sent;
use crate::hashing::HashMap;
use crate::transport::{Deliveries, Delivery};

type Waiter = oneshot::Sender<Result<(), Status>>;

/// Who waits for the acknowledgement of a request, by the call's id.
pub(super) struct Acknowledged {
    waiting: Mutex<HashMap<u128, Waiter>>,
    limit: usize,
}

/// The acknowledgement of one request. To drop it is to wait no longer.
pub(super) struct Acknowledgement<'a> {
    all: &'a Acknowledged,
    id: u128,
    told: oneshot::Receiver<Result<(), Status>>,
}

impl Acknowledged {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            waiting: Mutex::default(),
            limit,
        }
    }

    #[cfg(feature = "__simulated")]
    pub(super) fn count(&self) -> usize {
        self.waiting.lock().len()
    }

    /// To be asked before the request is sent.
    pub(super) fn expect(&self, id: u128) -> Result<Acknowledgement<'_>, Status> {
        let (waiter, told) = oneshot::channel();
        let mut waiting = self.waiting.lock();
        if waiting.len() >= self.limit {
            return Err(Status::resource_exhausted(format!(
                "{} requests wait for their acknowledgement, which is the channel's limit",
                self.limit
            )));
        }
        waiting.insert(id, waiter);
        Ok(Acknowledgement {
            all: self,
            id,
            told,
        })
    }
}

impl Deliveries for Acknowledged {
    fn delivered(&self, batch: &mut Vec<Delivery>) {
        let mut waiting = self.waiting.lock();
        for Delivery { token, outcome } in batch.drain(..) {
            // A piece of a message has none: where one is lost the server says so in its reply.
            let Some(waiter) = token.and_then(|id| waiting.remove(&id)) else {
                continue;
            };
            let _unwanted = waiter.send(outcome.map_err(|lost| not_sent(&lost.error)));
        }
    }
}

impl Future for Acknowledgement<'_> {
    type Output = Result<(), Status>;

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Self::Output> {
        std::pin::Pin::new(&mut self.told).poll(cx).map(|told| {
            told.unwrap_or_else(|_| Err(Status::unavailable("the channel's producer has ended")))
        })
    }
}

impl Drop for Acknowledgement<'_> {
    fn drop(&mut self) {
        self.all.waiting.lock().remove(&self.id);
    }
}

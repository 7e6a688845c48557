use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::log::Log;
use crate::transport::{
    Deliveries, Delivery, Failure, Outgoing, Producer, TransportError, Undelivered, Writes,
};

/// The most records that may wait to be written.
const QUEUE_LIMIT: usize = 100_000;

type Queued = (Outgoing, Option<u128>);

/// Queues records, which a task appends to the log. Those that are queued when the producer is
/// dropped are written still.
pub(super) struct MemoryProducer {
    queue: Arc<Queue>,
}

struct Queue {
    writes: Writes,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    records: Vec<Queued>,
    closed: bool,
}

impl MemoryProducer {
    pub(super) fn open(log: Arc<Log>, writes: Writes, deliveries: Arc<dyn Deliveries>) -> Self {
        let queue = Arc::new(Queue {
            writes,
            state: Mutex::default(),
            changed: Notify::new(),
        });
        tokio::spawn(write(Arc::clone(&queue), log, deliveries));
        Self { queue }
    }
}

impl Producer for MemoryProducer {
    fn send(&self, record: Outgoing, token: Option<u128>) -> Result<(), Box<Undelivered>> {
        let token = token.filter(|_| self.queue.writes != Writes::Requests);
        {
            let records = &mut self.queue.state.lock().records;
            if records.len() >= QUEUE_LIMIT {
                let message = format!("{QUEUE_LIMIT} records wait to be written");
                let error = TransportError::new(Failure::QueueFull, message).unwritten();
                return Err(Box::new(Undelivered { record, error }));
            }
            records.push((record, token));
        }
        self.queue.changed.notify_one();
        Ok(())
    }
}

impl Drop for MemoryProducer {
    fn drop(&mut self) {
        self.queue.state.lock().closed = true;
        self.queue.changed.notify_one();
    }
}

/// Writes what is queued by the batch, and tells its fate, until the producer is dropped.
async fn write(queue: Arc<Queue>, log: Arc<Log>, deliveries: Arc<dyn Deliveries>) {
    let mut batch = Vec::new();
    let mut fates = Vec::new();
    loop {
        let closed = {
            let mut state = queue.state.lock();
            std::mem::swap(&mut state.records, &mut batch);
            state.closed
        };
        if batch.is_empty() {
            if closed {
                return;
            }
            queue.changed.notified().await;
            continue;
        }
        let timestamp = millis_since_epoch();
        for (record, token) in batch.drain(..) {
            let outcome = log.append(record, timestamp);
            if token.is_some() || outcome.is_err() {
                fates.push(Delivery { token, outcome });
            }
        }
        if !fates.is_empty() {
            deliveries.delivered(&mut fates);
            fates.clear();
        }
        tokio::task::yield_now().await;
    }
}

fn millis_since_epoch() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

use super::broker::Broker;
use super::reader::Reader;
use crate::outside;
use crate::simulation::{Process, current};
use crate::transport::{Inbox, PartitionRef, Records, TransportError};

/// The most records handed over at a time.
const BATCH: usize = 512;
/// How long it may take to find a partition's end.
const LIMIT: Duration = Duration::from_secs(5);

/// Reads single partitions, in a task.
pub(super) struct SimulatedInbox {
    broker: Arc<Broker>,
    process: Option<Process>,
    reader: Arc<Mutex<Reader>>,
    task: AbortHandle,
}

impl SimulatedInbox {
    pub(super) fn open(broker: &Arc<Broker>, records: Box<dyn Records>) -> Self {
        let process = current();
        let reader = Arc::new(Mutex::new(Reader::new(process.clone())));
        broker.with(|state| state.open.inboxes += 1);
        let task = outside::spawn(read(Arc::clone(broker), Arc::clone(&reader), records));
        Self {
            broker: Arc::clone(broker),
            process,
            reader,
            task: task.abort_handle(),
        }
    }
}

async fn read(broker: Arc<Broker>, reader: Arc<Mutex<Reader>>, mut records: Box<dyn Records>) {
    let woken = Arc::clone(&reader.lock().woken);
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        for (partition, to, end) in reader.lock().moves() {
            records.moved(&partition, to, end);
        }
        let next = broker.with(|state| {
            let mut reader = reader.lock();
            let next = reader.take(state, BATCH, &mut batch);
            if !batch.is_empty() && state.chance.permille(state.faults.read_again) {
                reader.stumble(state);
            }
            next
        });
        if !batch.is_empty() {
            records.records(&mut batch);
            batch.clear();
            tokio::task::yield_now().await;
            continue;
        }
        wait(next, &woken).await;
    }
}

/// Waits until then, or to be woken.
pub(super) async fn wait(until: Option<Instant>, woken: &tokio::sync::Notify) {
    match until {
        None => woken.notified().await,
        Some(until) => tokio::select! {
            biased;
            () = woken.notified() => {}
            () = sleep_until(until) => {}
        },
    }
}

#[async_trait]
impl Inbox for SimulatedInbox {
    async fn follow(&self, partition: PartitionRef) -> Result<(), TransportError> {
        self.broker.reach(self.process.as_ref(), LIMIT).await?;
        self.broker
            .with(|state| self.reader.lock().follow(state, partition, None))
    }

    async fn read_from(&self, partition: PartitionRef, offset: i64) -> Result<(), TransportError> {
        self.broker.reach(self.process.as_ref(), LIMIT).await?;
        self.broker
            .with(|state| self.reader.lock().read_from(state, partition, offset))
    }

    fn position(&self, partition: &PartitionRef) -> Option<i64> {
        self.reader.lock().position(partition)
    }
}

impl Drop for SimulatedInbox {
    fn drop(&mut self) {
        self.task.abort();
        self.broker.with(|state| state.open.inboxes -= 1);
    }
}

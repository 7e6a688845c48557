use std::sync::Arc;
use std::time::Duration;

use rdkafka::bindings::RD_KAFKA_EVENT_ERROR;
use rdkafka::consumer::{BaseConsumer, Consumer};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::sleep;

use super::followed::Followed;
use super::moves::Move;
use crate::transport::Records;
use crate::transport::kafka::blocking;
use crate::transport::kafka::context::Context;
use crate::transport::kafka::copies::Copies;
use crate::transport::kafka::events::{Event, Events, Queue};
use crate::transport::kafka::stall::{Found, Watchdog};

/// The most records handed over at a time.
const BATCH: usize = 512;

pub(super) struct Reader {
    pub(super) consumer: Arc<BaseConsumer<Context>>,
    pub(super) followed: Arc<Followed>,
    pub(super) wanted: UnboundedReceiver<Move>,
    pub(super) watchdog: Watchdog,
    pub(super) records: Box<dyn Records>,
}

impl Reader {
    /// Reads for ever. In a task, not on a thread: whom a reply wakes then is on the same runtime, most
    /// often on the same thread.
    pub(super) async fn read(mut self) {
        let consumer = Arc::clone(&self.consumer);
        let events = match Queue::consumer(consumer.client()) {
            Ok(queue) => Events::new(queue),
            Err(error) => return tracing::error!(%error, "replies can't be read"),
        };
        let mut timer = std::pin::pin!(sleep(Duration::ZERO));
        let mut copies = Copies::default();
        let mut batch = Vec::with_capacity(BATCH);
        let (mut ready, mut wanted) = (None, None);
        loop {
            let mut next = match ready.take() {
                Some(event) => Some(event),
                None => tokio::select! {
                    biased;
                    event = events.within(timer.as_mut(), self.watchdog.wait()) => event,
                    Some(next) = self.wanted.recv() => {
                        wanted = Some(next);
                        None
                    }
                },
            };
            while let Some(event) = next.take() {
                match event.record(&mut copies) {
                    Some(record) => batch.push(record),
                    None => told(&event, consumer.context(), &mut self.watchdog),
                }
                if batch.len() < BATCH {
                    next = events.ready();
                }
            }
            if !batch.is_empty() {
                self.records.records(&mut batch);
                copies.done(&mut batch);
            }
            // Nothing that was read is left now.
            while let Some(wanted) = wanted.take().or_else(|| self.wanted.try_recv().ok()) {
                self.go(wanted).await;
            }
            self.watchdog.watch(|| self.followed.places(&consumer));
            if let Some(found) = self.watchdog.finding() {
                self.step_past(found).await;
            }
            ready = events.ready();
            if ready.is_some() {
                // The callers come first. Where nothing is to be read at once they do anyway.
                tokio::task::yield_now().await;
            }
        }
    }

    /// Nothing is read meanwhile.
    async fn go(&mut self, wanted: Move) {
        let Move {
            partition,
            to,
            end,
            told,
        } = wanted;
        let (consumer, followed) = (Arc::clone(&self.consumer), Arc::clone(&self.followed));
        let work = {
            let partition = partition.clone();
            move || followed.read_from(&consumer, partition, to)
        };
        let outcome = blocking::run(work).await.and_then(|outcome| outcome);
        if outcome.is_ok() {
            self.records.moved(&partition, to, end);
        }
        let _unwanted = told.send(outcome);
    }

    /// Likewise.
    async fn step_past(&mut self, found: Found) {
        let (consumer, followed) = (Arc::clone(&self.consumer), Arc::clone(&self.followed));
        let work = move || followed.step_past(&consumer, &found);
        if let Err(error) = blocking::run(work).await {
            tracing::error!(%error, "stepping past replies that can't be read");
        }
    }
}

fn told(event: &Event<'_>, context: &Context, watchdog: &mut Watchdog) {
    event.tell(context);
    if event.kind() == RD_KAFKA_EVENT_ERROR {
        // The library tries again. There may be many more behind it, and replies behind those: no
        // time to rest.
        metrics::counter!("kafka_rpc.inbox.errors").increment(1);
        watchdog.hear(event);
    }
}

use std::sync::Arc;
use std::time::Duration;

use rdkafka::bindings::RD_KAFKA_EVENT_ERROR;
use rdkafka::consumer::{BaseConsumer, Consumer};
use tokio::time::sleep;

use super::followed::Followed;
use crate::transport::Records;
use crate::transport::kafka::blocking;
use crate::transport::kafka::context::Context;
use crate::transport::kafka::copies::Copies;
use crate::transport::kafka::events::{Event, Events, Queue};
use crate::transport::kafka::stall::{Found, Watchdog};

/// The most records handed over at a time.
const BATCH: usize = 512;

/// Reads for ever. In a task, not on a thread: whom a reply wakes then is on the same runtime, most
/// often on the same thread.
pub(super) async fn read(
    consumer: Arc<BaseConsumer<Context>>,
    followed: Arc<Followed>,
    mut watchdog: Watchdog,
    mut records: Box<dyn Records>,
) {
    let events = match Queue::consumer(consumer.client()) {
        Ok(queue) => Events::new(queue),
        Err(error) => return tracing::error!(%error, "replies can't be read"),
    };
    let mut timer = std::pin::pin!(sleep(Duration::ZERO));
    let mut copies = Copies::default();
    let mut batch = Vec::with_capacity(BATCH);
    let mut ready = None;
    loop {
        let mut next = match ready.take() {
            Some(event) => Some(event),
            None => events.within(timer.as_mut(), watchdog.wait()).await,
        };
        while let Some(event) = next.take() {
            match event.record(&mut copies) {
                Some(record) => batch.push(record),
                None => told(&event, consumer.context(), &mut watchdog),
            }
            if batch.len() < BATCH {
                next = events.ready();
            }
        }
        if !batch.is_empty() {
            records.records(&mut batch);
            copies.done(&mut batch);
        }
        watchdog.watch(|| followed.places(&consumer));
        if let Some(found) = watchdog.finding() {
            step_past(&consumer, &followed, found).await;
        }
        ready = events.ready();
        if ready.is_some() {
            // The callers come first. Where nothing is to be read at once they do anyway.
            tokio::task::yield_now().await;
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

/// Nothing is read meanwhile.
async fn step_past(consumer: &Arc<BaseConsumer<Context>>, followed: &Arc<Followed>, found: Found) {
    let (consumer, followed) = (Arc::clone(consumer), Arc::clone(followed));
    let work = move || followed.step_past(&consumer, &found);
    if let Err(error) = blocking::run(work).await {
        tracing::error!(%error, "stepping past replies that can't be read");
    }
}

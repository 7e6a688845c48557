use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, DeliveryResult};
use rdkafka::producer::{BaseRecord, Producer as _, ProducerContext, ThreadedProducer};
use rdkafka::{ClientContext, Message as _};
use tokio::sync::oneshot;

use super::headers::Headers;
use super::{Quiet, REPLY_PARTITION, properties, reply_to, requests};
use crate::setup::Setup;

const POLL: Duration = Duration::from_millis(100);
const JOIN_LIMIT: Duration = Duration::from_secs(30);
const FLUSH_LIMIT: Duration = Duration::from_secs(3);

impl ConsumerContext for Quiet {}

struct NothingToTell;

impl ClientContext for NothingToTell {}

impl ProducerContext for NothingToTell {
    type DeliveryOpaque = ();
    fn delivery(&self, _: &DeliveryResult<'_>, (): ()) {}
}

type Replies = ThreadedProducer<NothingToTell>;

/// A thread that reads requests and answers each in place.
pub(super) struct FloorServer {
    stop: Arc<AtomicBool>,
    ended: oneshot::Receiver<anyhow::Result<()>>,
}

/// Returns once the group has given it partitions.
pub(super) async fn start(setup: &Setup) -> anyhow::Result<FloorServer> {
    let kafka = &setup.kafka;
    let consumer: BaseConsumer<Quiet> = properties::consumer(kafka, "servers")
        .create_with_context(Quiet)
        .context("can't open the floor's consumer")?;
    let topics: Vec<String> = requests(setup).collect();
    let replies: HashMap<String, String> = topics
        .iter()
        .map(|topic| (topic.clone(), reply_to(topic)))
        .collect();
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    consumer.subscribe(&topics)?;
    let producer: Replies = properties::replies(kafka)
        .create_with_context(NothingToTell)
        .context("can't open the floor's producer")?;

    let headers = Headers::of(setup);
    let stop = Arc::new(AtomicBool::new(false));
    let (joined, has_joined) = oneshot::channel();
    let (end, ended) = oneshot::channel();
    let until = Arc::clone(&stop);
    thread::Builder::new()
        .name("floor".to_owned())
        .spawn(move || {
            let outcome = serve(&consumer, &producer, &replies, headers, joined, &until);
            // Leaves the group.
            drop(consumer);
            let _nobody_waits = end.send(outcome);
        })?;
    match has_joined.await {
        Ok(()) => Ok(FloorServer { stop, ended }),
        // It has ended before it joined.
        Err(_) => match ended.await {
            Ok(Err(error)) => Err(error),
            _ => bail!("the floor's server ended before it joined its group"),
        },
    }
}

impl FloorServer {
    pub(super) async fn end(self) -> anyhow::Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        self.ended.await.context("the floor's thread panicked")?
    }
}

fn serve(
    consumer: &BaseConsumer<Quiet>,
    producer: &Replies,
    replies: &HashMap<String, String>,
    headers: Headers,
    joined: oneshot::Sender<()>,
    stop: &AtomicBool,
) -> anyhow::Result<()> {
    let mut joined = Some(joined);
    let limit = Instant::now() + JOIN_LIMIT;
    while !stop.load(Ordering::Relaxed) {
        match consumer.poll(POLL) {
            Some(Ok(request)) => answer(&request, producer, replies, headers)?,
            // A topic that was just created is unknown to some broker for a moment.
            Some(Err(_)) if joined.is_some() => {}
            Some(Err(error)) => return Err(error).context("can't read requests"),
            None => {}
        }
        if joined.is_some() && consumer.assignment()?.count() > 0 {
            joined.take().map(|joined| joined.send(()));
        } else if joined.is_some() && Instant::now() > limit {
            bail!(
                "the floor's server got no partitions within {JOIN_LIMIT:?}: does it have more servers than partitions?"
            );
        }
    }
    producer
        .flush(FLUSH_LIMIT)
        .context("replies were not written")
}

fn answer(
    request: &BorrowedMessage<'_>,
    producer: &Replies,
    replies: &HashMap<String, String>,
    headers: Headers,
) -> anyhow::Result<()> {
    let topic = replies
        .get(request.topic())
        .context("a request is of no method")?;
    let payload = request.payload().unwrap_or_default();
    let reply = || {
        BaseRecord::<(), [u8]>::to(topic)
            .partition(REPLY_PARTITION)
            .payload(payload)
    };
    if let Some(messages) = request.headers().and_then(Headers::messages) {
        let mut numbers = 1..=messages;
        return numbers
            .try_for_each(|number| send(producer, reply().headers(Headers::message(0, number))));
    }
    let call = request
        .headers()
        .and_then(|of| headers.call(of))
        .context("a request has no number of its call")?;
    send(producer, reply().headers(headers.reply(call)))
}

/// Waits where there is no room.
fn send(producer: &Replies, mut reply: BaseRecord<'_, (), [u8]>) -> anyhow::Result<()> {
    loop {
        reply = match producer.send(reply) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), again)) => again,
            Err((error, _)) => return Err(error).context("can't write a reply"),
        };
        thread::sleep(Duration::from_millis(1));
    }
}

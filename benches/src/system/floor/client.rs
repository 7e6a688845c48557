use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use bytes::Bytes;
use parking_lot::Mutex;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseRecord, ProducerContext, ThreadedProducer};
use rdkafka::{ClientContext, Message as _, Offset, TopicPartitionList};
use tokio::sync::oneshot;

use super::headers::Headers;
use super::{Quiet, REPLY_PARTITION, properties, replies, reply_to, requests};
use crate::setup::{KafkaSetup, Setup};
use crate::system::{Caller, body, check};

const POLL: Duration = Duration::from_millis(100);
/// The most replies that are handed over at a time.
const BATCH: usize = 512;
const END_OFFSET_LIMIT: Duration = Duration::from_secs(10);
/// How long a stream may stop.
const STREAM_LIMIT: Duration = Duration::from_secs(10);
const RETRY_PAUSE: Duration = Duration::from_millis(50);

type Outcome = anyhow::Result<Bytes>;

/// The callers that wait, by the numbers of their calls.
#[derive(Default)]
struct Pending(Mutex<HashMap<usize, oneshot::Sender<Outcome>, BuildHasherDefault<NumberHasher>>>);

/// Numbers that are counted up need no more than to be spread.
#[derive(Default)]
struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_usize(byte.into());
        }
    }

    fn write_usize(&mut self, number: usize) {
        self.0 = (self.0 ^ number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Ends calls whose requests could not be written.
struct Deliveries(Arc<Pending>);

impl ClientContext for Deliveries {}

impl ProducerContext for Deliveries {
    /// The number of the call.
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, call: usize) {
        let Err((error, _)) = result else { return };
        if let Some(caller) = self.0.0.lock().remove(&call) {
            let _gone = caller.send(Err(anyhow!("the request was not written: {error}")));
        }
    }
}

#[derive(Clone)]
pub(crate) struct FloorCaller(Arc<Client>);

struct Client {
    producer: ThreadedProducer<Deliveries>,
    pending: Arc<Pending>,
    /// One for each method.
    topics: Vec<String>,
    partitions: usize,
    since: Instant,
    headers: Headers,
    next_call: AtomicUsize,
    body: Bytes,
    /// For a reader of streams, which reads by itself.
    kafka: KafkaSetup,
}

pub(super) fn connect(setup: &Setup) -> anyhow::Result<FloorCaller> {
    let kafka = &setup.kafka;
    let pending = Arc::<Pending>::default();
    let producer = properties::requests(kafka)
        .create_with_context(Deliveries(Arc::clone(&pending)))
        .context("can't open the floor's producer")?;

    let consumer: BaseConsumer<Quiet> = properties::consumer(kafka, "client")
        .set("enable.auto.commit", "false")
        .create_with_context(Quiet)
        .context("can't open the floor's consumer")?;
    let mut assignment = TopicPartitionList::new();
    for topic in replies(setup) {
        let end = end_of(&consumer, &topic)?;
        assignment.add_partition_offset(&topic, REPLY_PARTITION, Offset::Offset(end))?;
    }
    consumer.assign(&assignment)?;
    let calls = Arc::clone(&pending);
    let headers = Headers::of(setup);
    // It ends with the process, as the client does.
    thread::Builder::new()
        .name("floor-replies".to_owned())
        .spawn(move || read(&consumer, headers, &calls))?;

    Ok(FloorCaller(Arc::new(Client {
        producer,
        pending,
        topics: requests(setup).collect(),
        partitions: kafka.partitions as usize,
        since: Instant::now(),
        headers,
        next_call: AtomicUsize::new(0),
        body: body(setup),
        kafka: kafka.clone(),
    })))
}

/// Tries again for a while: a topic that was just created has no leader for a moment.
fn end_of(consumer: &BaseConsumer<Quiet>, topic: &str) -> anyhow::Result<i64> {
    let limit = Instant::now() + END_OFFSET_LIMIT;
    loop {
        match consumer.fetch_watermarks(topic, REPLY_PARTITION, END_OFFSET_LIMIT) {
            Ok((_, end)) => return Ok(end),
            Err(error) if Instant::now() > limit => {
                return Err(error).context("can't find the end of the floor's replies");
            }
            Err(_) => thread::sleep(RETRY_PAUSE),
        }
    }
}

/// Takes what has come, then hands it over with one turn of the lock.
fn read(consumer: &BaseConsumer<Quiet>, headers: Headers, pending: &Pending) {
    let mut replies = Vec::with_capacity(BATCH);
    let mut callers = Vec::with_capacity(BATCH);
    loop {
        let mut wait = POLL;
        while replies.len() < BATCH {
            let Some(Ok(reply)) = consumer.poll(wait) else {
                break;
            };
            if let Some(call) = reply.headers().and_then(|of| headers.call(of)) {
                replies.push((
                    call,
                    Bytes::copy_from_slice(reply.payload().unwrap_or_default()),
                ));
            }
            wait = Duration::ZERO;
        }
        {
            let mut pending = pending.0.lock();
            let taken = replies
                .drain(..)
                .map(|(call, body)| (pending.remove(&call), body));
            callers.extend(taken);
        }
        for (caller, body) in callers.drain(..) {
            let _gone = caller.map(|caller| caller.send(Ok(body)));
        }
    }
}

impl Caller for FloorCaller {
    async fn read(&self, messages: u64, stop: Duration) -> anyhow::Result<()> {
        let client = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || client.read(messages, stop)).await?
    }

    async fn call(&self, key: Option<u64>) -> anyhow::Result<()> {
        let client = &*self.0;
        let call = client.next_call.fetch_add(1, Ordering::Relaxed);
        let (caller, reply) = oneshot::channel();
        client.pending.0.lock().insert(call, caller);
        client.send(call, key)?;
        check(
            &client.body,
            reply.await.context("the reader has ended")??.len(),
        )
    }
}

impl Client {
    /// Reads all records behind the present end: a consumer and nothing else.
    fn read(&self, messages: u64, stop: Duration) -> anyhow::Result<()> {
        let topic = reply_to(&self.topics[0]);
        let consumer: BaseConsumer<Quiet> = properties::consumer(&self.kafka, "reader")
            .set("enable.auto.commit", "false")
            .create_with_context(Quiet)
            .context("can't open the floor's consumer")?;
        let end = end_of(&consumer, &topic)?;
        let mut assignment = TopicPartitionList::new();
        assignment.add_partition_offset(&topic, REPLY_PARTITION, Offset::Offset(end))?;
        consumer.assign(&assignment)?;
        let request = BaseRecord::<str, [u8], usize>::with_opaque_to(&self.topics[0], 0)
            .payload(&self.body)
            .headers(Headers::wanted(messages))
            .partition(0);
        let sent = self.producer.send(request);
        sent.map_err(|(error, _)| anyhow!("the request was not queued: {error}"))?;
        let mut read = 0;
        while read < messages {
            let message = consumer
                .poll(STREAM_LIMIT)
                .context("the stream stopped")??;
            check(&self.body, message.payload_len())?;
            read += 1;
            if read == 1 {
                thread::sleep(stop);
            }
        }
        Ok(())
    }

    fn send(&self, call: usize, key: Option<u64>) -> anyhow::Result<()> {
        let topic = &self.topics[call % self.topics.len()];
        let record = BaseRecord::<str, [u8], usize>::with_opaque_to(topic, call)
            .payload(&self.body)
            .headers(self.headers.request(call, topic));
        let text;
        let record = if let Some(key) = key {
            text = key.to_string();
            record.key(&text)
        } else {
            // One after the other, for a moment each, as kafka-rpc does it: a batch is of one partition.
            let turn = self.since.elapsed().as_millis() as usize;
            record.partition((turn % self.partitions) as i32)
        };
        self.producer.send(record).map_err(|(error, _)| {
            self.pending.0.lock().remove(&call);
            anyhow!("the request was not queued: {error}")
        })
    }
}

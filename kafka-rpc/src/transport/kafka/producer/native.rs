use std::ffi::c_void;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rdkafka::bindings::{
    self, RD_KAFKA_EVENT_DR, RD_KAFKA_EVENT_ERROR, RD_KAFKA_PURGE_F_INFLIGHT,
    RD_KAFKA_PURGE_F_QUEUE, rd_kafka_conf_set_events, rd_kafka_flush, rd_kafka_headers_destroy,
    rd_kafka_producev, rd_kafka_purge, rd_kafka_t, rd_kafka_vtype_t as Field,
};
use rdkafka::client::{Client, ClientContext};
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::KafkaError;
use rdkafka::producer::PARTITION_UA;
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr, RDKafkaType};

use super::opaque;
use super::topics::Topics;
use crate::transport::kafka::close;
use crate::transport::kafka::context::Context;
use crate::transport::kafka::error::{failure, transport_error};
use crate::transport::kafka::events::{Lost, Queue};
use crate::transport::kafka::message::native_headers;
use crate::transport::{
    Deliveries, Delivery, Failure, Outgoing, TransportError, Undelivered, Writes,
};

/// How long records that are under way may take when the producer is closed.
const FLUSH_LIMIT: Duration = Duration::from_secs(1);
/// How long the events of what was purged are waited for.
const PURGED: Duration = Duration::from_millis(100);
/// How long the polling thread waits for an event before it looks whether it shall end.
const POLL: Duration = Duration::from_millis(100);

/// How long acknowledgements gather before they are looked at again, where nobody waits for one: a
/// call waits for its reply, a commit for its interval. To wake for each batch costs more than all
/// else about it.
const GATHER: Duration = Duration::from_millis(5);
/// Key and value are librdkafka's own from when they are queued.
const RD_KAFKA_MSG_F_COPY: i32 = 2;
/// What the client is to tell.
const EVENTS: i32 = RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR;

/// A client of librdkafka that writes. Not through `rdkafka`'s producers: those look each topic up
/// by name, copy headers once more, and tell the fate of each record apart.
pub(in crate::transport::kafka) struct Native {
    topics: Topics,
    client: Client<NativeContext>,
    writes: Writes,
    deliveries: Arc<dyn Deliveries>,
    closing: AtomicBool,
}

pub(super) struct NativeContext {
    client: Context,
    /// Set once the client can't go on.
    fatal: AtomicBool,
}

impl ClientContext for NativeContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.client.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::Fatal) {
            self.fatal.store(true, Ordering::Release);
        }
        self.client.error(error, reason);
    }
}

impl Native {
    pub(in crate::transport::kafka) fn open(
        config: &ClientConfig,
        writes: Writes,
        deliveries: &Arc<dyn Deliveries>,
    ) -> Result<Arc<Self>, TransportError> {
        let context = NativeContext {
            client: Context::default(),
            fatal: AtomicBool::new(false),
        };
        let client = config
            .create_native_config()
            .and_then(|native| {
                // SAFETY: the configuration is alive.
                unsafe { rd_kafka_conf_set_events(native.ptr(), EVENTS) };
                Client::new(config, native, RDKafkaType::RD_KAFKA_PRODUCER, context)
            })
            .map_err(|error| transport_error("open a producer", &error))?;
        let native = Arc::new(Self {
            topics: Topics::default(),
            client,
            writes,
            deliveries: Arc::clone(deliveries),
            closing: AtomicBool::new(false),
        });
        let polled = Arc::clone(&native);
        std::thread::Builder::new()
            .name("kafka-rpc-acks".into())
            .spawn(move || live(polled))
            .map_err(|error| {
                TransportError::new(Failure::Other, format!("can't start a thread: {error}"))
            })?;
        Ok(native)
    }

    pub(super) fn is_fatal(&self) -> bool {
        self.client.context().fatal.load(Ordering::Acquire)
    }

    #[cfg(test)]
    pub(super) fn break_down(&self) {
        self.client.context().fatal.store(true, Ordering::Release);
    }

    /// The client, which is alive as long as this.
    pub(in crate::transport::kafka) fn client_ptr(&self) -> *mut rd_kafka_t {
        self.client.native_ptr()
    }

    /// Whether a topic can be written to, as far as the cluster tells. Blocks.
    pub(in crate::transport::kafka) fn look_up(
        &self,
        topic: &str,
        limit: Duration,
    ) -> Result<(), TransportError> {
        let doing = format!("write to topic {topic}");
        let found = self
            .client
            .fetch_metadata(Some(topic), limit)
            .map_err(|error| transport_error(&doing, &error))?;
        let topic = found.topics().iter().find(|found| found.name() == topic);
        match topic.map(|topic| topic.error()) {
            Some(None) => Ok(()),
            Some(Some(code)) => Err(transport_error(
                &doing,
                &KafkaError::MetadataFetch(code.into()),
            )),
            None => {
                let message = format!("can't {doing}: there is no such topic");
                Err(TransportError::new(Failure::Missing, message))
            }
        }
    }

    /// Ends the polling thread, which then closes the client.
    pub(in crate::transport::kafka) fn close(&self) {
        self.closing.store(true, Ordering::Release);
    }

    pub(in crate::transport::kafka) fn send(
        &self,
        record: Outgoing,
        token: Option<u128>,
    ) -> Result<(), Box<Undelivered>> {
        let queued = self
            .topics
            .get(self.client.native_ptr(), &record.topic)
            .and_then(|topic| self.produce(topic, &record, token));
        let Err(code) = queued else { return Ok(()) };
        let doing = format!("queue a record for topic {}", record.topic);
        let mut error = transport_error(&doing, &KafkaError::MessageProduction(code)).unwritten();
        error.failure = failure(code);
        self.note(&error);
        Err(Box::new(Undelivered { record, error }))
    }

    fn produce(
        &self,
        topic: NonNull<bindings::rd_kafka_topic_t>,
        record: &Outgoing,
        token: Option<u128>,
    ) -> Result<(), RDKafkaErrorCode> {
        let headers = native_headers(&record.headers);
        let key = record.key.as_ref();
        let opaque = opaque::put(token.filter(|_| self.writes != Writes::Requests));
        // SAFETY: the arguments are those that each tag stands for, up to the end tag. Topic and
        // client are alive; key and value are copied.
        let code = unsafe {
            rd_kafka_producev(
                self.client.native_ptr(),
                Field::RD_KAFKA_VTYPE_RKT,
                topic.as_ptr(),
                Field::RD_KAFKA_VTYPE_PARTITION,
                record.partition.unwrap_or(PARTITION_UA),
                Field::RD_KAFKA_VTYPE_MSGFLAGS,
                RD_KAFKA_MSG_F_COPY,
                Field::RD_KAFKA_VTYPE_VALUE,
                record.value.as_ptr().cast::<c_void>(),
                record.value.len(),
                Field::RD_KAFKA_VTYPE_KEY,
                key.map_or(ptr::null(), |key| key.as_ptr().cast::<c_void>()),
                key.map_or(0, Bytes::len),
                Field::RD_KAFKA_VTYPE_HEADERS,
                headers,
                Field::RD_KAFKA_VTYPE_OPAQUE,
                opaque,
                Field::RD_KAFKA_VTYPE_END,
            )
        };
        if code == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
            return Ok(());
        }
        // SAFETY: librdkafka takes headers and opaque over with the record only.
        unsafe {
            rd_kafka_headers_destroy(headers);
            opaque::take(opaque);
        }
        Err(code.into())
    }

    /// Remembers that the client can't go on.
    fn note(&self, error: &TransportError) {
        if error.failure == Failure::Fatal {
            self.client.context().fatal.store(true, Ordering::Release);
        }
    }

    /// Gives what is under way a moment, then tells the fate of all.
    fn finish(&self, queue: &Queue<'_>, batch: &mut Vec<Delivery>) {
        let native = self.client.native_ptr();
        let until = Instant::now() + FLUSH_LIMIT;
        // SAFETY: the client is alive.
        while unsafe { bindings::rd_kafka_outq_len(native) } > 0 && Instant::now() < until {
            // SAFETY: the client is alive. Without a wait it only has what lingers sent at once.
            unsafe { rd_kafka_flush(native, 0) };
            self.poll(queue, PURGED, batch);
        }
        let all = RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT;
        // SAFETY: the client is alive.
        unsafe { rd_kafka_purge(native, all) };
        while self.poll(queue, PURGED, batch) {}
    }

    /// Waits for an event, and handles it; `batch` is room to do so. False where none came.
    fn poll(&self, queue: &Queue<'_>, wait: Duration, batch: &mut Vec<Delivery>) -> bool {
        let Some(event) = queue.poll(wait) else {
            return false;
        };
        if event.kind() != RD_KAFKA_EVENT_DR {
            event.tell(&**self.client.context());
            return true;
        }
        event.fates(|opaque, outcome| {
            // SAFETY: each record is told of once, with the opaque that it was queued with.
            let token = unsafe { opaque::take(opaque) };
            let outcome = outcome.map_err(|lost| self.undelivered(lost));
            batch.push(Delivery { token, outcome });
        });
        self.deliveries.delivered(batch);
        batch.clear();
        true
    }

    fn undelivered(&self, lost: Lost) -> Box<Undelivered> {
        let Lost {
            code,
            unwritten,
            record,
        } = lost;
        let doing = format!("write to topic {}", record.topic);
        let mut error = transport_error(&doing, &KafkaError::MessageProduction(code.into()));
        error.unwritten = unwritten;
        self.note(&error);
        let record = Outgoing {
            topic: record.topic,
            partition: (record.partition >= 0).then_some(record.partition),
            patient: false,
            key: record.key,
            value: record.value,
            headers: record.headers,
        };
        Box::new(Undelivered { record, error })
    }
}

/// Whether somebody waits for acknowledgements: a transaction does for all of its own.
pub(super) fn is_waited_for(writes: Writes) -> bool {
    match writes {
        Writes::Transactions | Writes::DurableRequests => true,
        Writes::Requests | Writes::Replies => false,
    }
}

/// Tells the fates of records until the producer is closed, then closes the client: that waits for
/// brokers and threads, so it happens on no thread that somebody needs.
fn live(native: Arc<Native>) {
    let mut batch = Vec::new();
    match Queue::main(&native.client) {
        Ok(queue) => {
            while !native.closing.load(Ordering::Acquire) {
                native.poll(&queue, POLL, &mut batch);
                if !is_waited_for(native.writes) {
                    std::thread::sleep(GATHER);
                }
                while native.poll(&queue, Duration::ZERO, &mut batch) {}
            }
            native.finish(&queue, &mut batch);
        }
        Err(error) => tracing::error!(%error, "acknowledgements can't be read"),
    }
    close::when_alone(native);
}

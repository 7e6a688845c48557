//! What librdkafka has to tell, taken from its queues directly. `rdkafka`'s own poll allocates and
//! looks at the clock for each record; this doesn't.

use std::borrow::Cow;
use std::ffi::{CStr, c_char, c_void};
use std::marker::PhantomData;
use std::pin::Pin;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::task::AtomicWaker;
use rdkafka::TopicPartitionList;
use rdkafka::bindings::{
    RD_KAFKA_EVENT_ERROR, RD_KAFKA_EVENT_FETCH, RD_KAFKA_EVENT_LOG, rd_kafka_event_destroy,
    rd_kafka_event_error, rd_kafka_event_error_is_fatal, rd_kafka_event_error_string,
    rd_kafka_event_log, rd_kafka_event_message_array, rd_kafka_event_message_next,
    rd_kafka_event_t, rd_kafka_event_topic_partition, rd_kafka_event_topic_partition_list,
    rd_kafka_event_type, rd_kafka_message_status, rd_kafka_message_t, rd_kafka_msg_status_t,
    rd_kafka_queue_cb_event_enable, rd_kafka_queue_destroy, rd_kafka_queue_get_consumer,
    rd_kafka_queue_get_main, rd_kafka_queue_poll, rd_kafka_queue_t, rd_kafka_t,
    rd_kafka_topic_partition_destroy,
};
use rdkafka::client::{Client, ClientContext};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::types::RDKafkaRespErr;
use tokio::time::{Instant, Sleep};

use super::copies::Copies;
use super::message::record;
use super::partitions;
use crate::transport::{PartitionRef, Record};

/// A record that will not be acknowledged.
pub(super) struct Lost {
    pub(super) code: RDKafkaRespErr,
    /// Whether it surely is in no partition.
    pub(super) unwritten: bool,
    pub(super) record: Record,
}

/// A reference to one of a client's queues.
pub(super) struct Queue<'c> {
    native: NonNull<rd_kafka_queue_t>,
    client: PhantomData<&'c ()>,
}

impl<'c> Queue<'c> {
    /// Where a producer tells the fates of records, and all else.
    pub(super) fn main<C: ClientContext>(client: &'c Client<C>) -> KafkaResult<Self> {
        // SAFETY: the client is alive, and outlives the reference, which is given back in `drop`.
        Self::new(unsafe { rd_kafka_queue_get_main(client.native_ptr()) })
    }

    /// Where a consumer's records come in, and all else that it has to tell.
    pub(super) fn consumer<C: ClientContext>(client: &'c Client<C>) -> KafkaResult<Self> {
        // SAFETY: as above.
        Self::new(unsafe { rd_kafka_queue_get_consumer(client.native_ptr()) })
    }

    fn new(native: *mut rd_kafka_queue_t) -> KafkaResult<Self> {
        let native = NonNull::new(native)
            .ok_or_else(|| KafkaError::ClientCreation("the client has no queue".to_owned()))?;
        Ok(Self {
            native,
            client: PhantomData,
        })
    }

    pub(super) fn as_ptr(&self) -> *mut rd_kafka_queue_t {
        self.native.as_ptr()
    }

    /// The next event, if one comes while `wait` lasts.
    pub(super) fn poll(&self, wait: Duration) -> Option<Event<'_>> {
        let millis = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: the queue is alive.
        let native = unsafe { rd_kafka_queue_poll(self.as_ptr(), millis) };
        NonNull::new(native).map(|native| Event {
            native,
            queue: PhantomData,
        })
    }
}

// SAFETY: librdkafka's queues may be used on any thread.
unsafe impl Send for Queue<'_> {}
// SAFETY: as above.
unsafe impl Sync for Queue<'_> {}

impl Drop for Queue<'_> {
    fn drop(&mut self) {
        // SAFETY: our own reference, given back once.
        unsafe { rd_kafka_queue_destroy(self.as_ptr()) };
    }
}

/// A queue that a task waits for, instead of a thread.
pub(super) struct Events<'c> {
    queue: Queue<'c>,
    /// The task that waits. librdkafka is told of it, so it has to stay where it is.
    waiting: Box<AtomicWaker>,
}

impl<'c> Events<'c> {
    pub(super) fn new(queue: Queue<'c>) -> Self {
        let waiting = Box::new(AtomicWaker::new());
        // SAFETY: the queue is alive. The waker is until `drop` has taken the callback back, under
        // the queue's lock, under which it is also called.
        unsafe {
            rd_kafka_queue_cb_event_enable(
                queue.as_ptr(),
                Some(wake),
                (&raw const *waiting).cast_mut().cast(),
            );
        }
        Self { queue, waiting }
    }

    pub(super) fn queue(&self) -> &Queue<'c> {
        &self.queue
    }

    /// The next event.
    async fn next(&self) -> Event<'_> {
        std::future::poll_fn(|cx| {
            // Told only of what comes into an empty queue, so first this, then a look.
            self.waiting.register(cx.waker());
            self.ready().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// The next event, if one comes while `wait` lasts. The timer is set anew only where it has to be:
    /// who is busy waits often, and never for long.
    pub(super) async fn within(
        &self,
        mut timer: Pin<&mut Sleep>,
        wait: Duration,
    ) -> Option<Event<'_>> {
        let until = Instant::now() + wait;
        if timer.is_elapsed() || timer.deadline() > until {
            timer.as_mut().reset(until);
        }
        tokio::select! {
            biased;
            event = self.next() => Some(event),
            () = timer => None,
        }
    }

    /// The next event, if it is there.
    pub(super) fn ready(&self) -> Option<Event<'_>> {
        self.queue.poll(Duration::ZERO)
    }
}

impl Drop for Events<'_> {
    fn drop(&mut self) {
        // SAFETY: the queue is alive.
        unsafe { rd_kafka_queue_cb_event_enable(self.queue.as_ptr(), None, ptr::null_mut()) };
    }
}

/// # Safety
/// The opaque is the waker of [`Events`].
unsafe extern "C" fn wake(_: *mut rd_kafka_t, waiting: *mut c_void) {
    // SAFETY: the caller's promise.
    let waiting = unsafe { &*waiting.cast::<AtomicWaker>() };
    waiting.wake();
}

/// Something that happened. What it tells lives as long as it does.
pub(super) struct Event<'q> {
    native: NonNull<rd_kafka_event_t>,
    queue: PhantomData<&'q ()>,
}

// SAFETY: librdkafka's events may be used on any thread.
unsafe impl Send for Event<'_> {}

impl Event<'_> {
    /// One of the bindings' `RD_KAFKA_EVENT_…`.
    pub(super) fn kind(&self) -> i32 {
        // SAFETY: the event is alive.
        unsafe { rd_kafka_event_type(self.native.as_ptr()) }
    }

    pub(super) fn code(&self) -> RDKafkaRespErr {
        // SAFETY: the event is alive.
        unsafe { rd_kafka_event_error(self.native.as_ptr()) }
    }

    pub(super) fn is_fatal(&self) -> bool {
        // SAFETY: the event is alive.
        unsafe { rd_kafka_event_error_is_fatal(self.native.as_ptr()) != 0 }
    }

    /// Tells the client's context of an error or a log line.
    pub(super) fn tell(&self, context: &impl ClientContext) {
        match self.kind() {
            RD_KAFKA_EVENT_ERROR => {
                context.error(KafkaError::Global(self.code().into()), &self.reason());
            }
            RD_KAFKA_EVENT_LOG => self.tell_line(context),
            _ => {}
        }
    }

    fn tell_line(&self, context: &impl ClientContext) {
        let (mut facility, mut line, mut level) = (ptr::null(), ptr::null(), 0);
        // SAFETY: the event is alive, the out pointers are valid for writes.
        let code = unsafe {
            rd_kafka_event_log(
                self.native.as_ptr(),
                &raw mut facility,
                &raw mut line,
                &raw mut level,
            )
        };
        if code == 0 {
            // SAFETY: the texts live as long as the event.
            let (facility, line) = unsafe { (text(facility), text(line)) };
            context.log(log_level(level), facility.trim(), line.trim());
        }
    }

    /// The record of a fetch, copied out of librdkafka's buffers.
    pub(super) fn record(&self, copies: &mut Copies) -> Option<Record> {
        if self.kind() != RD_KAFKA_EVENT_FETCH {
            return None;
        }
        // SAFETY: the event is alive.
        let message = unsafe { rd_kafka_event_message_next(self.native.as_ptr()) };
        // SAFETY: its message lives as long.
        NonNull::new(message.cast_mut()).map(|message| unsafe { record(message, copies) })
    }

    /// The records of a delivery report: the opaque of each, and those that failed.
    pub(super) fn fates(&self, mut fate: impl FnMut(*mut c_void, Result<(), Lost>)) {
        const BATCH: usize = 256;
        let mut messages: [*const rd_kafka_message_t; BATCH] = [ptr::null(); BATCH];
        let mut copies = Copies::default();
        loop {
            // SAFETY: the event is alive; there is room for so many.
            let count = unsafe {
                rd_kafka_event_message_array(self.native.as_ptr(), messages.as_mut_ptr(), BATCH)
            };
            let told = messages[..count.min(BATCH)].iter();
            for message in told.filter_map(|message| NonNull::new(message.cast_mut())) {
                // SAFETY: the messages live as long as the event.
                let (opaque, code) = unsafe { (message.as_ref()._private, message.as_ref().err) };
                let outcome = match code {
                    RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(()),
                    // SAFETY: as above.
                    _ => Err(unsafe { lost(code, message, &mut copies) }),
                };
                fate(opaque, outcome);
            }
            if count < BATCH {
                return;
            }
        }
    }

    /// Which partition an error is of, and which offset.
    pub(super) fn place(&self) -> Option<(PartitionRef, i64)> {
        // SAFETY: the event is alive. What it gives is ours to destroy.
        let native = unsafe { rd_kafka_event_topic_partition(self.native.as_ptr()) };
        let place = NonNull::new(native)?;
        // SAFETY: it is alive until it is destroyed, which happens once.
        unsafe {
            let fields = place.as_ref();
            let partition = PartitionRef {
                topic: Arc::from(text(fields.topic)),
                partition: fields.partition,
            };
            let offset = fields.offset;
            rd_kafka_topic_partition_destroy(place.as_ptr());
            Some((partition, offset))
        }
    }

    /// What an error says.
    pub(super) fn reason(&self) -> String {
        // SAFETY: the event is alive, and the text lives as long.
        let reason = unsafe { text(rd_kafka_event_error_string(self.native.as_ptr())) };
        reason.trim().to_owned()
    }

    /// The partitions of a rebalance.
    pub(super) fn partitions(&self) -> TopicPartitionList {
        // SAFETY: the event is alive; the list is its own.
        let list = unsafe { rd_kafka_event_topic_partition_list(self.native.as_ptr()).as_ref() };
        partitions::copy(list)
    }

    /// Whether what was to be committed was, in every partition.
    pub(super) fn committed(&self) -> KafkaResult<()> {
        // SAFETY: the event is alive; the list is its own.
        let list = unsafe { rd_kafka_event_topic_partition_list(self.native.as_ptr()).as_ref() };
        partitions::committed(self.code(), list)
    }
}

impl Drop for Event<'_> {
    fn drop(&mut self) {
        // SAFETY: it is ours, and destroyed once.
        unsafe { rd_kafka_event_destroy(self.native.as_ptr()) };
    }
}

/// # Safety
/// The message is one of a delivery report that is alive.
unsafe fn lost(
    code: RDKafkaRespErr,
    message: NonNull<rd_kafka_message_t>,
    copies: &mut Copies,
) -> Lost {
    use rd_kafka_msg_status_t::RD_KAFKA_MSG_STATUS_NOT_PERSISTED as NOT_PERSISTED;
    // SAFETY: the caller's promise.
    let status = unsafe { rd_kafka_message_status(message.as_ptr()) };
    Lost {
        code,
        unwritten: status == NOT_PERSISTED,
        // SAFETY: as above.
        record: unsafe { record(message, copies) },
    }
}

/// # Safety
/// The text is null, or ends with NUL and lives as long as the result.
unsafe fn text<'t>(start: *const c_char) -> Cow<'t, str> {
    if start.is_null() {
        return Cow::default();
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(start) }.to_string_lossy()
}

/// librdkafka's levels are syslog's.
fn log_level(level: i32) -> RDKafkaLogLevel {
    match level {
        ..=2 => RDKafkaLogLevel::Critical,
        3 => RDKafkaLogLevel::Error,
        4 => RDKafkaLogLevel::Warning,
        5 => RDKafkaLogLevel::Notice,
        6 => RDKafkaLogLevel::Info,
        7.. => RDKafkaLogLevel::Debug,
    }
}

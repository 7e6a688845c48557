use std::ffi::CStr;
use std::ptr::{self, NonNull};
use std::time::Duration;

use rdkafka::bindings::{
    rd_kafka_AclOperation_t, rd_kafka_AdminOptions_destroy, rd_kafka_AdminOptions_new,
    rd_kafka_AdminOptions_set_include_authorized_operations,
    rd_kafka_AdminOptions_set_request_timeout, rd_kafka_AdminOptions_t, rd_kafka_admin_op_t,
    rd_kafka_error_destroy, rd_kafka_event_destroy, rd_kafka_event_error, rd_kafka_event_t,
    rd_kafka_queue_destroy, rd_kafka_queue_new, rd_kafka_queue_poll, rd_kafka_queue_t, rd_kafka_t,
};
use rdkafka::error::{IsError, KafkaError};

use crate::transport::{Failure, TransportError};

pub(super) type Question = rd_kafka_admin_op_t;

fn out_of_memory() -> TransportError {
    TransportError::new(Failure::Other, "the client library could not begin to ask")
}

/// How to ask: for what this client may do, too.
pub(super) struct Options(NonNull<rd_kafka_AdminOptions_t>);

impl Options {
    pub(super) fn new(
        client: *mut rd_kafka_t,
        question: Question,
        limit: Duration,
    ) -> Result<Self, TransportError> {
        // What librdkafka takes: up to an hour.
        let millis = i32::try_from(limit.as_millis())
            .unwrap_or(i32::MAX)
            .clamp(1, 3_600_000);
        // SAFETY: the client is alive.
        let options = unsafe { rd_kafka_AdminOptions_new(client, question) };
        let options = Self(NonNull::new(options).ok_or_else(out_of_memory)?);
        // SAFETY: the options are alive; without a buffer no message is written.
        let error = unsafe {
            rd_kafka_AdminOptions_set_include_authorized_operations(options.0.as_ptr(), 1)
        };
        if !error.is_null() {
            // Not known to this version of the library: then the cluster will not tell.
            // SAFETY: the error is ours.
            unsafe { rd_kafka_error_destroy(error) };
        }
        // SAFETY: as above.
        let code = unsafe {
            rd_kafka_AdminOptions_set_request_timeout(
                options.0.as_ptr(),
                millis,
                ptr::null_mut(),
                0,
            )
        };
        if code.is_error() {
            return Err(TransportError::new(
                Failure::Config,
                format!("a limit of {limit:?}"),
            ));
        }
        Ok(options)
    }

    pub(super) fn as_ptr(&self) -> *const rd_kafka_AdminOptions_t {
        self.0.as_ptr()
    }
}

impl Drop for Options {
    fn drop(&mut self) {
        // SAFETY: ours, given back once.
        unsafe { rd_kafka_AdminOptions_destroy(self.0.as_ptr()) };
    }
}

/// Where an answer arrives. An answer that comes after its end is thrown away.
pub(super) struct Queue(NonNull<rd_kafka_queue_t>);

impl Queue {
    pub(super) fn new(client: *mut rd_kafka_t) -> Result<Self, TransportError> {
        // SAFETY: the client is alive.
        let queue = unsafe { rd_kafka_queue_new(client) };
        NonNull::new(queue).map(Self).ok_or_else(out_of_memory)
    }

    pub(super) fn as_ptr(&self) -> *mut rd_kafka_queue_t {
        self.0.as_ptr()
    }

    pub(super) fn poll(&self, wait: Duration) -> Option<Answer> {
        let millis = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: the queue is alive.
        let event = unsafe { rd_kafka_queue_poll(self.0.as_ptr(), millis) };
        NonNull::new(event).map(Answer)
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: ours, given back once.
        unsafe { rd_kafka_queue_destroy(self.0.as_ptr()) };
    }
}

/// The outcome of an operation.
pub(super) struct Answer(NonNull<rd_kafka_event_t>);

impl Answer {
    pub(super) fn as_ptr(&self) -> *mut rd_kafka_event_t {
        self.0.as_ptr()
    }

    /// Itself, where the operation as a whole did not fail.
    pub(super) fn ok(self) -> Result<Self, KafkaError> {
        // SAFETY: the event is alive.
        let code = unsafe { rd_kafka_event_error(self.0.as_ptr()) };
        match code.is_error() {
            true => Err(KafkaError::MetadataFetch(code.into())),
            false => Ok(self),
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        // SAFETY: ours, given back once.
        unsafe { rd_kafka_event_destroy(self.0.as_ptr()) };
    }
}

/// The items of a list that librdkafka returned with their number.
///
/// # Safety
/// `first` is null or points to `count` items that live as long as `'a`.
pub(super) unsafe fn items<'a, T>(first: *const T, count: usize) -> &'a [T] {
    if first.is_null() {
        return &[];
    }
    // SAFETY: the caller promises it.
    unsafe { std::slice::from_raw_parts(first, count) }
}

/// Text of librdkafka's.
///
/// # Safety
/// `text` is null or ends with NUL and lives as long as `'a`.
pub(super) unsafe fn text<'a>(text: *const std::ffi::c_char) -> &'a str {
    if text.is_null() {
        return "";
    }
    // SAFETY: the caller promises it.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap_or_default()
}

/// Whether an operation is among those that the cluster allows. A cluster that does not tell, allows all.
///
/// # Safety
/// As for [`items`].
pub(super) unsafe fn allows(
    operations: *const rd_kafka_AclOperation_t,
    count: usize,
    operation: rd_kafka_AclOperation_t,
) -> bool {
    // SAFETY: the caller promises it.
    operations.is_null() || unsafe { items(operations, count) }.contains(&operation)
}

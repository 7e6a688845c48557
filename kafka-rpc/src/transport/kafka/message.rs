use std::ffi::CStr;
use std::ptr::{self, NonNull};

use rdkafka::bindings::{
    rd_kafka_header_add, rd_kafka_header_get_all, rd_kafka_headers_new, rd_kafka_headers_t,
    rd_kafka_message_headers, rd_kafka_message_t, rd_kafka_message_timestamp, rd_kafka_topic_name,
};
use rdkafka::types::RDKafkaRespErr;

use super::copies::Copies;
use crate::transport::Record;
use crate::wire::Headers;

/// Copies a record out of librdkafka's buffers.
///
/// # Safety
/// The message is alive.
pub(super) unsafe fn record(message: NonNull<rd_kafka_message_t>, copies: &mut Copies) -> Record {
    // SAFETY: the caller's promise.
    let fields = unsafe { message.as_ref() };
    let message = message.as_ptr().cast_const();
    // SAFETY: every record has a topic, which lives as long as its message, and its name as long
    // as the topic.
    let topic = unsafe { CStr::from_ptr(rd_kafka_topic_name(fields.rkt)) };
    let mut kind = rdkafka::bindings::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    // SAFETY: message and out pointer are valid.
    let timestamp = unsafe { rd_kafka_message_timestamp(message, &raw mut kind) };
    Record {
        topic: copies.topic(topic),
        partition: fields.partition,
        offset: fields.offset,
        timestamp: (timestamp >= 0).then_some(timestamp),
        // SAFETY: librdkafka gives pointers and sizes that belong together and live as long as
        // the message.
        key: unsafe { bytes(fields.key, fields.key_len) }.map(|key| copies.bytes(key)),
        // SAFETY: as above.
        value: unsafe { bytes(fields.payload, fields.len) }
            .map(|value| copies.bytes(value))
            .unwrap_or_default(),
        // SAFETY: the message is alive.
        headers: unsafe { headers(message, copies) },
    }
}

/// # Safety
/// `start` is null, or `length` bytes are readable there for as long as the result is used.
unsafe fn bytes<'a, T>(start: *const T, length: usize) -> Option<&'a [u8]> {
    // SAFETY: the caller's promise.
    (!start.is_null()).then(|| unsafe { std::slice::from_raw_parts(start.cast(), length) })
}

/// Not through `rdkafka`'s iterator: that panics at a name that is not UTF-8, which any producer
/// can send.
///
/// # Safety
/// The message is alive.
unsafe fn headers(message: *const rd_kafka_message_t, copies: &mut Copies) -> Headers {
    let mut native = ptr::null_mut();
    // SAFETY: the caller's promise; the headers belong to the message.
    let code = unsafe { rd_kafka_message_headers(message, &raw mut native) };
    if code != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
        return Headers::new();
    }
    let mut headers = copies.headers();
    for index in 0.. {
        let mut name = ptr::null();
        let mut value = ptr::null();
        let mut size = 0;
        // SAFETY: the headers live as long as the message; the out pointers are valid for writes.
        let code =
            unsafe { rd_kafka_header_get_all(native, index, &mut name, &mut value, &mut size) };
        if code != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR || name.is_null() {
            break;
        }
        // SAFETY: librdkafka ends each name with NUL; it lives as long as the message.
        let name = unsafe { CStr::from_ptr(name) };
        // SAFETY: librdkafka gives the value's size; it lives as long as the message.
        let value = unsafe { bytes(value, size) }.unwrap_or_default();
        headers.push_lossy(name.to_bytes(), value);
    }
    headers
}

/// Headers in librdkafka's form. Whoever gets them has to destroy them, or hand them over with a
/// record.
pub(super) fn native_headers(headers: &Headers) -> *mut rd_kafka_headers_t {
    // SAFETY: it only allocates, and aborts where it can't.
    let native = unsafe { rd_kafka_headers_new(headers.len()) };
    for (name, value) in headers.iter() {
        // SAFETY: the headers were just made; librdkafka copies name and value, whose sizes are
        // given. It refuses none but those of a record that was read.
        unsafe {
            rd_kafka_header_add(
                native,
                name.as_ptr().cast(),
                name.len() as isize,
                value.as_ptr().cast(),
                value.len() as isize,
            );
        }
    }
    native
}

use std::ffi::CStr;
use std::ptr;
use std::sync::Arc;

use bytes::Bytes;
use rdkafka::Message;
use rdkafka::bindings::rd_kafka_header_get_all;
use rdkafka::message::{BorrowedHeaders, BorrowedMessage, Headers as _, OwnedHeaders};
use rdkafka::types::{RDKafkaHeaders, RDKafkaRespErr};

use crate::transport::Record;
use crate::wire::Headers;

/// Shares one allocation of a topic's name between the records of a run.
#[derive(Default)]
pub(super) struct TopicCache(Vec<Arc<str>>);

impl TopicCache {
    /// The most names kept; a reader of more topics only shares less.
    const LIMIT: usize = 1024;

    fn get(&mut self, name: &str) -> Arc<str> {
        if let Some(at) = self.0.iter().rposition(|known| &**known == name) {
            // Runs of records of one topic are usual: keep the last one found at the end.
            let last = self.0.len() - 1;
            self.0.swap(at, last);
            return Arc::clone(&self.0[last]);
        }
        let name: Arc<str> = name.into();
        if self.0.len() < Self::LIMIT {
            self.0.push(Arc::clone(&name));
        }
        name
    }
}

/// Copies a record out of librdkafka's buffers.
pub(super) fn record(message: &BorrowedMessage<'_>, topics: &mut TopicCache) -> Record {
    Record {
        topic: topics.get(message.topic()),
        partition: message.partition(),
        offset: message.offset(),
        timestamp: message.timestamp().to_millis(),
        key: message.key().map(Bytes::copy_from_slice),
        value: message
            .payload()
            .map(Bytes::copy_from_slice)
            .unwrap_or_default(),
        headers: message.headers().map(headers).unwrap_or_default(),
    }
}

/// Not through [`rdkafka::message::Headers::iter`]: that panics at a name that is not UTF-8, which
/// any producer can send.
fn headers(borrowed: &BorrowedHeaders) -> Headers {
    let native: *const RDKafkaHeaders = ptr::from_ref(borrowed).cast();
    let mut headers = Headers::default();
    for index in 0..borrowed.count() {
        let mut name = ptr::null();
        let mut value = ptr::null();
        let mut size = 0;
        // SAFETY: a `BorrowedHeaders` is a cast of the native headers that it stands for, which
        // live as long as the message; the out pointers are valid for writes.
        let code =
            unsafe { rd_kafka_header_get_all(native, index, &mut name, &mut value, &mut size) };
        if code != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR || name.is_null() {
            break;
        }
        // SAFETY: librdkafka ends each name with NUL; it lives as long as the message.
        let name = unsafe { CStr::from_ptr(name) }.to_string_lossy();
        let value: &[u8] = if value.is_null() {
            &[]
        } else {
            // SAFETY: librdkafka gives the value's size; it lives as long as the message.
            unsafe { std::slice::from_raw_parts(value.cast(), size) }
        };
        headers.push(&name, value);
    }
    headers
}

/// Headers in librdkafka's form.
pub(super) fn owned_headers(headers: &Headers) -> OwnedHeaders {
    headers.iter().fold(
        OwnedHeaders::new_with_capacity(headers.len()),
        |owned, (key, value)| {
            owned.insert(rdkafka::message::Header {
                key,
                value: Some(value),
            })
        },
    )
}

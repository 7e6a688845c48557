use bytes::Bytes;

use super::router::ReplyTo;
use crate::call::{Body, Response, Status};
use crate::transport::{Failure, Outgoing, TransportError};
use crate::wire::{
    ContentType, CorrelationId, HeaderLimits, Headers, MessageHead, ReplyFrame, ReplyHead,
    decode_reply, encode_failure, encode_reply,
};

/// The record that tells a caller how its call ended. A reply that is over a limit becomes
/// `RESOURCE_EXHAUSTED`, at once.
pub(super) fn record(
    to: &ReplyTo,
    content_type: ContentType,
    outcome: Result<Response<Body>, Status>,
    message_limit: usize,
) -> Outgoing {
    let (outcome, value) = match outcome {
        Ok(response) if response.get_ref().len() > message_limit => {
            let status = Status::resource_exhausted(format!(
                "the reply has {} bytes; the server sends at most {message_limit}",
                response.get_ref().len()
            ));
            (Err(status), Bytes::new())
        }
        Ok(response) => {
            let (metadata, body, _) = response.into_parts();
            let head = MessageHead {
                content_type,
                metadata,
            };
            (Ok(head), body.into_bytes())
        }
        Err(status) => (Err(status), Bytes::new()),
    };
    let head = ReplyHead {
        correlation_id: to.id,
        frame: ReplyFrame::Reply,
        instance: None,
        whole: None,
        outcome,
    };
    match encode_reply(&head, &HeaderLimits::default()) {
        Ok(headers) => outgoing(to, headers, value),
        Err(status) => failure(to, &status),
    }
}

/// The record that tells a caller of a failure, small enough for any topic.
pub(super) fn failure(to: &ReplyTo, status: &Status) -> Outgoing {
    outgoing(to, encode_failure(&to.id, status), Bytes::new())
}

fn outgoing(to: &ReplyTo, headers: Headers, value: Bytes) -> Outgoing {
    let partition = to.address.partition();
    Outgoing {
        topic: to.address.topic().clone(),
        partition,
        // Where the caller names no partition, its correlation id chooses one.
        patient: false,
        key: match partition {
            Some(_) => None,
            None => Some(Bytes::copy_from_slice(to.id.as_bytes())),
        },
        value,
        headers,
    }
}

/// A record that belongs to a stream, without a value and metadata.
pub(super) fn frame(to: &ReplyTo, frame: ReplyFrame) -> Outgoing {
    let head = ReplyHead {
        correlation_id: to.id,
        frame,
        instance: None,
        whole: None,
        outcome: Ok(MessageHead::default()),
    };
    numbered(to, &head, Bytes::new())
}

/// A message of a stream.
pub(super) fn message(to: &ReplyTo, number: u64, value: Bytes) -> Outgoing {
    let head = ReplyHead {
        correlation_id: to.id,
        frame: ReplyFrame::Message(number),
        instance: None,
        whole: None,
        outcome: Ok(MessageHead::default()),
    };
    numbered(to, &head, value)
}

/// A record that begins or ends a stream. Metadata over the limits are told as a failure.
pub(super) fn numbered(to: &ReplyTo, head: &ReplyHead, value: Bytes) -> Outgoing {
    match encode_reply(head, &HeaderLimits::default()) {
        Ok(headers) => outgoing(to, headers, value),
        Err(status) => failure(to, &status),
    }
}

/// Which call a record of ours is of.
pub(super) fn call_of(record: &Outgoing) -> Option<CorrelationId> {
    let head = decode_reply(&record.headers, &HeaderLimits::default());
    head.ok().map(|head| head.correlation_id)
}

/// What is told of a record that could not be written.
pub(super) fn not_written(error: &TransportError) -> Status {
    match error.failure {
        Failure::TooLarge => Status::resource_exhausted(format!(
            "a message of the stream is more than its topic takes: {error}"
        )),
        _ => Status::unavailable(format!("a message of the stream was not written: {error}")),
    }
}

/// A failure in the place of a reply; `None` where the record is none.
pub(super) fn instead(record: &Outgoing, status: &Status) -> Option<Outgoing> {
    let head = decode_reply(&record.headers, &HeaderLimits::default()).ok()?;
    Some(Outgoing {
        headers: encode_failure(&head.correlation_id, status),
        value: Bytes::new(),
        ..record.clone()
    })
}

/// What takes the place of a reply that the topic has no room for; `None` where that can't be told.
pub(super) fn too_large(record: &Outgoing, error: &TransportError) -> Option<Outgoing> {
    let status = Status::resource_exhausted(format!(
        "the reply has {} bytes, more than its topic takes: {error}",
        record.value.len()
    ));
    instead(record, &status)
}

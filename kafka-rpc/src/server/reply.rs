use bytes::Bytes;

use super::router::ReplyTo;
use crate::call::{Body, Response, Status};
use crate::transport::{Outgoing, TransportError};
use crate::wire::{
    ContentType, HeaderLimits, Headers, MessageHead, ReplyFrame, ReplyHead, decode_reply,
    encode_failure, encode_reply,
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
        key: match partition {
            Some(_) => None,
            None => Some(Bytes::copy_from_slice(to.id.as_bytes())),
        },
        value,
        headers,
    }
}

/// What takes the place of a reply that the topic has no room for; `None` where that can't be told.
pub(super) fn too_large(record: &Outgoing, error: &TransportError) -> Option<Outgoing> {
    let head = decode_reply(&record.headers, &HeaderLimits::default()).ok()?;
    let status = Status::resource_exhausted(format!(
        "the reply has {} bytes, more than its topic takes: {error}",
        record.value.len()
    ));
    Some(Outgoing {
        headers: encode_failure(&head.correlation_id, &status),
        value: Bytes::new(),
        ..record.clone()
    })
}

//! What a channel writes for a call, and what it reads of a reply.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::route::{Destination, Route};
use super::waiting::Outcome;
use crate::call::{Body, Extensions, RequestParts, Response, Status, Wanted};
use crate::descriptor::Method;
use crate::transport::Outgoing;
use crate::wire::{
    ContentType, CorrelationId, Credit, Frame, HeaderLimits, RequestHead, decode_request,
    encode_request,
};

/// Which call a request is, and where it goes.
pub(super) struct Envelope<'r> {
    pub(super) method: Method,
    pub(super) route: &'r Route,
    pub(super) to: Destination,
    pub(super) id: CorrelationId,
    pub(super) timeout: Duration,
    /// Where it begins a stream.
    pub(super) stream: Option<StreamHead>,
}

/// What a request says of the stream that it begins.
#[derive(Clone, Copy)]
pub(super) struct StreamHead {
    /// What the server may send before it hears of the caller again.
    pub(super) credit: Credit,
    /// How many messages the caller has of a stream that goes on.
    pub(super) resume: Option<u64>,
}

/// The record of a request.
///
/// # Errors
/// When the caller's metadata is over the limits.
pub(super) fn request(
    envelope: &Envelope<'_>,
    parts: Box<RequestParts>,
    body: Body,
) -> Result<Outgoing, Status> {
    let head = RequestHead {
        correlation_id: Some(envelope.id),
        reply: Some(envelope.route.reply.clone()),
        method: Some(envelope.method.descriptor().path),
        content_type: ContentType::Protobuf,
        timeout: Some(envelope.timeout),
        frame: Frame::Request,
        credit: envelope.stream.map(|stream| stream.credit),
        whole: None,
        resume: envelope.stream.and_then(|stream| stream.resume),
        durable: parts.wanted == Wanted::Receipt,
        idempotency_key: parts.idempotency_key,
        metadata: parts.metadata,
    };
    Ok(Outgoing {
        topic: Arc::clone(&envelope.route.request),
        partition: Some(envelope.to.partition),
        patient: envelope.to.patient,
        key: parts.key,
        value: body.into_bytes(),
        headers: encode_request(&head, &HeaderLimits::default())?,
    })
}

/// A request that was written nowhere, to be sent once more with the time that its call has left.
///
/// # Errors
/// When its headers can't be read, which means that they are not of a request of ours.
pub(super) fn once_more(mut record: Outgoing, timeout: Duration) -> Result<Outgoing, Status> {
    let limits = HeaderLimits::default();
    let headers = {
        let mut head = decode_request(&record.headers, &record.topic, &limits)
            .map_err(|refusal| refusal.status)?;
        head.timeout = Some(timeout);
        encode_request(&head, &limits)?
    };
    record.headers = headers;
    Ok(record)
}

/// The record that tells the server that nobody waits any more for the call of a request.
///
/// # Errors
/// None that can happen: a cancel has one small header.
pub(super) fn cancel(
    id: CorrelationId,
    topic: &Arc<str>,
    partition: Option<i32>,
    patient: bool,
    key: Option<Bytes>,
) -> Result<Outgoing, Status> {
    let head = RequestHead {
        correlation_id: Some(id),
        frame: Frame::Cancel,
        ..RequestHead::default()
    };
    Ok(Outgoing {
        topic: Arc::clone(topic),
        partition,
        patient,
        key,
        value: Bytes::new(),
        headers: encode_request(&head, &HeaderLimits::default())?,
    })
}

/// What a reply says, if the call came to one.
pub(super) fn received(answer: Option<Outcome>) -> Result<Response<Body>, Status> {
    let (message, value) =
        answer.unwrap_or_else(|| Err(Status::internal("a pending call was lost")))?;
    if message.content_type != ContentType::Protobuf {
        return Err(Status::internal(format!(
            "the reply is {}; application/protobuf was asked for",
            message.content_type.as_str()
        )));
    }
    Ok(Response::from_parts(
        message.metadata,
        Body::new(value),
        Extensions::new(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ReplyAddress;

    #[test]
    fn a_request_that_is_sent_once_more_has_another_timeout_and_all_else_is_the_same() {
        let mut metadata = crate::Metadata::new();
        metadata.insert("tenant", "north".parse().unwrap()).unwrap();
        metadata
            .insert("traceparent", "00-1".parse().unwrap())
            .unwrap();
        let head = |seconds| RequestHead {
            correlation_id: Some(CorrelationId::from_uuid(7)),
            reply: Some(ReplyAddress::new("t.reply", Some(3)).unwrap()),
            method: Some("a.B/C"),
            durable: true,
            idempotency_key: "order-17".parse().ok(),
            timeout: Some(Duration::from_secs(seconds)),
            metadata: metadata.clone(),
            ..RequestHead::default()
        };
        let record = |seconds| Outgoing {
            topic: "t".into(),
            partition: Some(1),
            patient: false,
            key: None,
            value: Bytes::from_static(b"value"),
            headers: encode_request(&head(seconds), &HeaderLimits::default()).unwrap(),
        };
        let again = once_more(record(30), Duration::from_secs(20)).unwrap();
        let expected = record(20);
        assert_eq!(again.headers, expected.headers);
        assert_eq!(
            (again.topic, again.partition, again.value),
            (expected.topic, expected.partition, expected.value)
        );
    }
}

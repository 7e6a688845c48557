//! The head of a request: what its headers say.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::chunk::{Whole, mark_whole};
use super::content_type::{self, ContentType};
use super::correlation_id::CorrelationId;
use super::credit::Credit;
use super::fault::Fault;
use super::fields::Fields;
use super::frame::{Frame, push_number};
use super::headers::Headers;
use super::limits::HeaderLimits;
use super::names::{self, Known};
use super::reply_address::{self, ReplyAddress};
use super::{metadata, timeout};
use crate::call::{IdempotencyKey, Metadata, Status};

/// What the headers of a record on a request topic say about its call.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct RequestHead<'a> {
    /// The call's id. A request that wants no reply may do without.
    pub(crate) correlation_id: Option<CorrelationId>,
    /// Where the caller waits for the reply, if it does.
    pub(crate) reply: Option<ReplyAddress>,
    /// The method called, as `package.Service/Method`; where absent, the topic tells.
    pub(crate) method: Option<&'a str>,
    /// How the record's value is encoded.
    pub(crate) content_type: ContentType,
    /// How long after the record's timestamp the deadline is.
    pub(crate) timeout: Option<Duration>,
    /// What the record is to the call.
    pub(crate) frame: Frame,
    /// Of a request: what the server may send before it hears of the caller again.
    pub(crate) credit: Option<Credit>,
    /// Where the message is in pieces: what the whole is.
    pub(crate) whole: Option<Whole>,
    /// Of a request: the number of the last message that the caller has of a stream that goes on.
    pub(crate) resume: Option<u64>,
    /// Whether the call is left with Kafka: its caller need not be there when it ends.
    pub(crate) durable: bool,
    /// What tells that two calls are the same.
    pub(crate) idempotency_key: Option<IdempotencyKey>,
    /// The caller's metadata.
    pub(crate) metadata: Metadata,
}

/// A request that is refused for its headers.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// What the caller is to be told: `INVALID_ARGUMENT` or, over a limit, `RESOURCE_EXHAUSTED`.
    pub(crate) status: Status,
    /// Which call the record belongs to, where it is none itself.
    pub(crate) call: Option<CorrelationId>,
    /// Which call to tell it to, and where. `None` where the headers that say so are among the bad
    /// ones.
    pub(crate) reply: Option<(CorrelationId, ReplyAddress)>,
}

impl Refusal {
    fn new(
        fault: Fault,
        call: Option<CorrelationId>,
        reply: Option<(CorrelationId, ReplyAddress)>,
    ) -> Box<Self> {
        let status = match fault {
            Fault::OverLimit(over) => Status::resource_exhausted(over.to_string()),
            fault => Status::invalid_argument(fault.to_string()),
        };
        Box::new(Self {
            status,
            call,
            reply,
        })
    }
}

/// Reads the head of a request. Requests that want their reply in the topic `usual_reply` share its
/// name.
///
/// # Errors
/// When a header of the contract comes more than once or has a value that it can't have, when one
/// is missing that another needs, or when there are more headers than the limits allow.
pub(crate) fn decode_request<'h>(
    headers: &'h Headers,
    usual_reply: &Arc<str>,
    limits: &HeaderLimits,
) -> Result<RequestHead<'h>, Box<Refusal>> {
    let within_limits = limits.check(headers);
    let mut fields = Fields::collect(headers, within_limits.is_ok());
    let (id, reply) = fields
        .address(usual_reply)
        .map_err(|fault| Refusal::new(fault, None, None))?;
    let call = id.filter(|_| fields.is_frame());
    within_limits
        .map_err(Fault::from)
        .and_then(|()| fields.head(id, reply.clone()))
        .map_err(|fault| Refusal::new(fault, call, id.zip(reply)))
}

/// Writes the head of a request.
///
/// # Errors
/// `INVALID_ARGUMENT` when the headers are over the limits, as the caller's metadata can make them,
/// or when a reply is asked for, or another frame than a request is sent, without a correlation id.
pub(crate) fn encode_request(
    head: &RequestHead<'_>,
    limits: &HeaderLimits,
) -> Result<Headers, Status> {
    let mut headers = Headers::with_room();
    if let Some(id) = &head.correlation_id {
        headers.push(names::CORRELATION_ID, id.as_bytes());
    }
    if let Some(reply) = &head.reply {
        headers.push(names::REPLY_TOPIC, reply.topic().as_bytes());
        if let Some(partition) = reply.partition() {
            headers.push(names::REPLY_PARTITION, &partition.to_be_bytes());
        }
    }
    if let Some(method) = head.method {
        headers.push(names::METHOD, method.as_bytes());
    }
    content_type::write(&mut headers, head.content_type);
    if let Some(timeout) = head.timeout {
        headers.push(names::TIMEOUT, timeout::format(timeout).as_bytes());
    }
    head.frame.write(&mut headers);
    if let (Frame::Request, Some(credit)) = (head.frame, head.credit) {
        headers.push(names::CREDIT, credit.to_string().as_bytes());
    }
    if let Some(whole) = head.whole {
        mark_whole(&mut headers, whole);
    }
    if let Some(number) = head.resume {
        push_number(&mut headers, names::RESUME, number);
    }
    if head.durable {
        headers.push(names::DURABLE, b"1");
    }
    if let Some(key) = &head.idempotency_key {
        headers.push(names::IDEMPOTENCY_KEY, key.as_bytes());
    }
    metadata::write(&mut headers, &head.metadata);
    check_id(head)
        .and_then(|()| limits.check(&headers).map_err(Fault::from))
        .map_err(|fault| Status::invalid_argument(format!("the request can't be sent: {fault}")))?;
    Ok(headers)
}

/// What tells that two calls are the same, as the headers of a request have it.
pub(crate) fn idempotency_key(headers: &Headers) -> Option<&[u8]> {
    let mut headers = headers.iter();
    headers.find_map(|(name, value)| (name == names::IDEMPOTENCY_KEY).then_some(value))
}

/// Checks that a call has an id where one is needed.
fn check_id(head: &RequestHead<'_>) -> Result<(), Fault> {
    let missing = |why| Fault::Missing {
        name: names::CORRELATION_ID,
        why,
    };
    match head {
        RequestHead {
            correlation_id: Some(_),
            ..
        } => Ok(()),
        RequestHead { reply: Some(_), .. } => Err(missing("a reply is told by it")),
        RequestHead {
            frame: Frame::Request,
            ..
        } => Ok(()),
        _ => Err(missing("a frame names its call by it")),
    }
}

impl<'h> Fields<'h> {
    /// Which call this is, and where its reply goes.
    fn address(
        &self,
        usual_reply: &Arc<str>,
    ) -> Result<(Option<CorrelationId>, Option<ReplyAddress>), Fault> {
        let id = self.read(Known::CorrelationId, CorrelationId::new)?;
        let partition = self.read(Known::ReplyPartition, reply_address::parse_partition)?;
        let reply = match self.get(Known::ReplyTopic)? {
            Some(topic) if topic == usual_reply.as_bytes() => {
                Some(ReplyAddress::of_topic(Arc::clone(usual_reply), partition))
            }
            Some(topic) => Some(reply_address(topic, partition)?),
            None if partition.is_some() => {
                return Err(Fault::Missing {
                    name: names::REPLY_TOPIC,
                    why: "`kafka_replyPartition` is a partition of it",
                });
            }
            None => None,
        };
        Ok((id, reply))
    }

    fn head(
        &mut self,
        correlation_id: Option<CorrelationId>,
        reply: Option<ReplyAddress>,
    ) -> Result<RequestHead<'h>, Fault> {
        let mut head = RequestHead {
            correlation_id,
            reply,
            method: self.read(Known::Method, std::str::from_utf8)?,
            content_type: self
                .read(Known::ContentType, ContentType::parse)?
                .unwrap_or_default(),
            timeout: self.read(Known::Timeout, timeout::parse)?,
            durable: self.has(Known::Durable),
            idempotency_key: self.read(Known::IdempotencyKey, |key| {
                IdempotencyKey::new(Bytes::copy_from_slice(key))
            })?,
            metadata: std::mem::take(&mut self.metadata),
            ..RequestHead::default()
        };
        if self.has_framing() {
            head.frame = self.request_frame()?;
            head.whole = self.whole()?;
            head.resume = self.resume()?;
            if head.frame == Frame::Request {
                head.credit = self.credit()?;
            }
        }
        check_id(&head)?;
        Ok(head)
    }
}

fn reply_address(topic: &[u8], partition: Option<i32>) -> Result<ReplyAddress, Fault> {
    let fault = |error: &dyn std::fmt::Display| Fault::malformed(names::REPLY_TOPIC, topic, error);
    let text = std::str::from_utf8(topic).map_err(|error| fault(&error))?;
    ReplyAddress::new(text, partition).map_err(|error| fault(&error))
}

#[cfg(test)]
mod tests;

//! The head of a reply: what its headers say.

use std::sync::Arc;

use bytes::Bytes;

use super::chunk::{Whole, mark_whole};
use super::content_type::{self, ContentType};
use super::correlation_id::CorrelationId;
use super::fault::{Fault, excerpt};
use super::fields::Fields;
use super::frame::ReplyFrame;
use super::headers::Headers;
use super::limits::HeaderLimits;
use super::names::{self, Known};
use super::{message, metadata};
use crate::call::{Code, Metadata, Status};

/// What the headers of a record on a reply topic say about its call.
#[derive(Debug, Clone)]
pub(crate) struct ReplyHead {
    /// The id of the call that this is the reply to.
    pub(crate) correlation_id: CorrelationId,
    /// What the record is to the call. One that can't be read is the end of it.
    pub(crate) frame: ReplyFrame,
    /// Which instance answers, where the call went to all of them.
    pub(crate) instance: Option<Arc<str>>,
    /// Where the message is in pieces: what the whole is.
    pub(crate) whole: Option<Whole>,
    /// How the call ended: with a message in the record's value, or with a status. Of a frame that
    /// does not end the call, the metadata that came with it.
    pub(crate) outcome: Result<MessageHead, Status>,
}

/// What the headers say about the message of a reply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MessageHead {
    /// How the message is encoded.
    pub(crate) content_type: ContentType,
    /// The metadata beside it.
    pub(crate) metadata: Metadata,
}

impl ReplyHead {
    fn failed(correlation_id: CorrelationId, status: Status) -> Self {
        Self {
            correlation_id,
            frame: ReplyFrame::Reply,
            instance: None,
            whole: None,
            outcome: Err(status),
        }
    }
}

/// Reads the head of a reply. No status means OK.
///
/// Where all but the correlation id is bad, the outcome is a status that says so, and the caller
/// need not wait for its deadline: `UNKNOWN` where the reply's status can't be read,
/// `RESOURCE_EXHAUSTED` where its headers are over the limits, and `INTERNAL` where its content
/// type is bad.
///
/// # Errors
/// When the correlation id can't be read, so that nobody knows whose reply it is.
pub(crate) fn decode_reply(headers: &Headers, limits: &HeaderLimits) -> Result<ReplyHead, Fault> {
    let within_limits = limits.check(headers);
    let fields = Fields::collect(headers, within_limits.is_ok());
    let id = fields.read(Known::CorrelationId, CorrelationId::new)?;
    let correlation_id = id.ok_or(Fault::Missing {
        name: names::CORRELATION_ID,
        why: "it tells whose reply this is",
    })?;
    if let Err(over) = within_limits {
        let status = Status::resource_exhausted(format!("the reply can't be read: {over}"));
        return Ok(ReplyHead::failed(correlation_id, status));
    }
    let mut head = ReplyHead {
        correlation_id,
        frame: ReplyFrame::Reply,
        instance: None,
        whole: None,
        outcome: Ok(MessageHead::default()),
    };
    if fields.has_framing() {
        head.instance = fields.instance();
        let frame = fields.reply_frame();
        match frame.and_then(|frame| Ok((frame, fields.whole()?))) {
            Ok((frame, whole)) => (head.frame, head.whole) = (frame, whole),
            Err(fault) => {
                let status = Status::internal(format!("the reply can't be read: {fault}"));
                return Ok(ReplyHead {
                    instance: head.instance,
                    ..ReplyHead::failed(correlation_id, status)
                });
            }
        }
    }
    head.outcome = fields.outcome();
    Ok(head)
}

/// Writes the head of a reply. No status is written where the call went well. A status of a failed
/// call that says OK is written as `UNKNOWN`, for OK would promise a message.
///
/// # Errors
/// `RESOURCE_EXHAUSTED` when the headers are over the limits, as a handler's metadata or status can
/// make them. It is to be told to the caller with [`encode_failure`].
pub(crate) fn encode_reply(head: &ReplyHead, limits: &HeaderLimits) -> Result<Headers, Status> {
    let mut headers = Headers::with_room();
    headers.push(names::CORRELATION_ID, head.correlation_id.as_bytes());
    head.frame.write(&mut headers);
    if let Some(instance) = &head.instance {
        mark_instance(&mut headers, instance);
    }
    if let Some(whole) = head.whole {
        mark_whole(&mut headers, whole);
    }
    match &head.outcome {
        Ok(message) => {
            content_type::write(&mut headers, message.content_type);
            metadata::write(&mut headers, &message.metadata);
        }
        Err(status) => {
            push_status(&mut headers, status.code(), status.message());
            if !status.details().is_empty() {
                headers.push(names::STATUS_DETAILS, status.details());
            }
            metadata::write(&mut headers, status.metadata());
        }
    }
    limits.check(&headers).map_err(|over| {
        let outcome = head
            .outcome
            .as_ref()
            .map_or_else(Status::code, |_| Code::Ok);
        Status::resource_exhausted(format!("the reply ({outcome:?}) can't be sent: {over}"))
    })?;
    Ok(headers)
}

/// Writes the head of a reply that has to be told whatever the limits: the status's code and the
/// first 500 characters of its message, without details and metadata.
pub(crate) fn encode_failure(correlation_id: &CorrelationId, status: &Status) -> Headers {
    let message: String = status.message().chars().take(500).collect();
    let mut headers = Headers::with_room();
    headers.push(names::CORRELATION_ID, correlation_id.as_bytes());
    push_status(&mut headers, status.code(), &message);
    headers
}

/// Says which instance answers.
pub(crate) fn mark_instance(headers: &mut Headers, instance: &str) {
    headers.push(names::INSTANCE, instance.as_bytes());
}

fn push_status(headers: &mut Headers, code: Code, message: &str) {
    let code = match code {
        Code::Ok => Code::Unknown,
        failed => failed,
    };
    headers.push(names::STATUS, (code as i32).to_string().as_bytes());
    if !message.is_empty() {
        headers.push(names::STATUS_MESSAGE, message::encode(message).as_bytes());
    }
}

impl Fields<'_> {
    fn outcome(self) -> Result<MessageHead, Status> {
        let unreadable = |fault: Fault| format!("the reply can't be read: {fault}");
        let status = self
            .status()
            .map_err(|fault| Status::unknown(unreadable(fault)))?;
        if let Some((code, message, details)) = status {
            return Err(Status::with_details_and_metadata(
                code,
                message,
                details,
                self.metadata,
            ));
        }
        let content_type = self
            .read(Known::ContentType, ContentType::parse)
            .map_err(|fault| Status::internal(unreadable(fault)))?;
        Ok(MessageHead {
            content_type: content_type.unwrap_or_default(),
            metadata: self.metadata,
        })
    }

    /// The status of a failed call; `None` where the call went well.
    fn status(&self) -> Result<Option<(Code, String, Bytes)>, Fault> {
        let Some(value) = self.get(Known::Status)? else {
            return Ok(None);
        };
        let code = parse_code(value);
        if code == Some(Code::Ok) {
            return Ok(None);
        }
        let message = message::decode(self.get(Known::StatusMessage)?.unwrap_or_default());
        let details = self.get(Known::StatusDetails)?.unwrap_or_default();
        let (code, message) = match code {
            Some(code) => (code, message.into_owned()),
            None => (
                Code::Unknown,
                format!(
                    "the reply's status {} is no known code: {message}",
                    excerpt(value)
                ),
            ),
        };
        Ok(Some((code, message, Bytes::copy_from_slice(details))))
    }
}

/// Reads the code of a status: decimal digits, of a code that gRPC has.
fn parse_code(value: &[u8]) -> Option<Code> {
    if !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = std::str::from_utf8(value).ok()?.parse().ok()?;
    let code = Code::from_i32(number);
    (code as i32 == number).then_some(code)
}

#[cfg(test)]
mod tests;

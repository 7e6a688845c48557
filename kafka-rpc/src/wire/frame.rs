//! What a record is to its call.

use std::sync::Arc;

use super::chunk::{Whole, parse_whole};
use super::credit::{self, Credit};
use super::fault::Fault;
use super::fields::Fields;
use super::headers::Headers;
use super::names::{self, Known};

/// What a record on a request topic is to its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Frame {
    /// The request itself, with which every call begins. Written by leaving `rpc-frame` out.
    #[default]
    Request,
    /// A message of the caller's stream, with its number.
    Message(u64),
    /// The caller has sent all of its messages. The number is the one behind the last message's.
    HalfClose(u64),
    /// What the server may send in all.
    Credit(Credit),
    /// A piece of a message, with its number.
    Chunk(u64),
    /// The caller no longer waits: the call is to be dropped where it is.
    Cancel,
}

/// What a record on a reply topic is to its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ReplyFrame {
    /// The one message of the reply, or the status of a call that failed: the end of the call.
    /// Written by leaving `rpc-frame` out.
    #[default]
    Reply,
    /// The handler answers with a stream, which begins; the record has its metadata.
    Response,
    /// A message of the server's stream, with its number.
    Message(u64),
    /// The end of the server's stream: its status and trailers. The number is the one behind the
    /// last message's.
    Status(u64),
    /// What the caller may send in all.
    Credit(Credit),
    /// A piece of a message, with its number.
    Chunk(u64),
    /// The server has no such stream, or no longer: its partition has moved.
    Moved,
}

impl Fields<'_> {
    /// The number of the last message that the caller of a stream has seen.
    pub(super) fn resume(&self) -> Result<Option<u64>, Fault> {
        self.read(Known::Resume, parse_number)
    }

    /// Which instance answers; one that can't be read is none.
    pub(super) fn instance(&self) -> Option<Arc<str>> {
        let text = |value| std::str::from_utf8(value).map(Arc::from);
        self.read(Known::Instance, text).unwrap_or_default()
    }

    /// Whether the record is something else than a request or its one reply.
    pub(super) fn is_frame(&self) -> bool {
        self.has(Known::Frame)
    }

    pub(super) fn request_frame(&self) -> Result<Frame, Fault> {
        let Some(value) = self.get(Known::Frame)? else {
            return Ok(Frame::Request);
        };
        match value {
            b"message" => Ok(Frame::Message(self.number()?)),
            b"half-close" => Ok(Frame::HalfClose(self.number()?)),
            b"credit" => Ok(Frame::Credit(self.needed_credit()?)),
            b"chunk" => Ok(Frame::Chunk(self.number()?)),
            b"cancel" => Ok(Frame::Cancel),
            other => Err(Fault::malformed(
                names::FRAME,
                other,
                "the frames of a caller are message, half-close, credit, chunk and cancel; a request has none",
            )),
        }
    }

    pub(super) fn reply_frame(&self) -> Result<ReplyFrame, Fault> {
        let Some(value) = self.get(Known::Frame)? else {
            return Ok(ReplyFrame::Reply);
        };
        match value {
            b"response" => Ok(ReplyFrame::Response),
            b"message" => Ok(ReplyFrame::Message(self.number()?)),
            b"status" => Ok(ReplyFrame::Status(self.number()?)),
            b"credit" => Ok(ReplyFrame::Credit(self.needed_credit()?)),
            b"chunk" => Ok(ReplyFrame::Chunk(self.number()?)),
            b"moved" => Ok(ReplyFrame::Moved),
            other => Err(Fault::malformed(
                names::FRAME,
                other,
                "the frames of a server are response, message, status, credit, chunk and moved",
            )),
        }
    }

    /// What the whole is that the record has the last piece of, where it is in pieces.
    pub(super) fn whole(&self) -> Result<Option<Whole>, Fault> {
        self.read(Known::Chunks, parse_whole)
    }

    /// What a request lets the server send before it hears of the caller again.
    pub(super) fn credit(&self) -> Result<Option<Credit>, Fault> {
        self.read(Known::Credit, Credit::parse)
    }

    fn needed_credit(&self) -> Result<Credit, Fault> {
        self.credit()?.ok_or(Fault::Missing {
            name: names::CREDIT,
            why: "a frame that is credit says how much",
        })
    }

    fn number(&self) -> Result<u64, Fault> {
        self.read(Known::Seq, parse_number)?.ok_or(Fault::Missing {
            name: names::SEQ,
            why: "a message of a stream has a number, and so has the end",
        })
    }
}

/// Reads the number of a message.
fn parse_number(value: &[u8]) -> Result<u64, &'static str> {
    credit::number(value).ok_or("it is a decimal number up to 2^63")
}

impl Frame {
    pub(super) fn write(self, headers: &mut Headers) {
        match self {
            Self::Request => {}
            Self::Message(number) => push_numbered(headers, b"message", number),
            Self::HalfClose(number) => push_numbered(headers, b"half-close", number),
            Self::Credit(credit) => push_credit(headers, credit),
            Self::Chunk(number) => push_numbered(headers, b"chunk", number),
            Self::Cancel => headers.push(names::FRAME, b"cancel"),
        }
    }
}

impl ReplyFrame {
    pub(super) fn write(self, headers: &mut Headers) {
        match self {
            Self::Reply => {}
            Self::Response => headers.push(names::FRAME, b"response"),
            Self::Message(number) => push_numbered(headers, b"message", number),
            Self::Status(number) => push_numbered(headers, b"status", number),
            Self::Credit(credit) => push_credit(headers, credit),
            Self::Chunk(number) => push_numbered(headers, b"chunk", number),
            Self::Moved => headers.push(names::FRAME, b"moved"),
        }
    }
}

fn push_credit(headers: &mut Headers, credit: Credit) {
    headers.push(names::FRAME, b"credit");
    headers.push(names::CREDIT, credit.to_string().as_bytes());
}

fn push_numbered(headers: &mut Headers, frame: &[u8], number: u64) {
    headers.push(names::FRAME, frame);
    push_number(headers, names::SEQ, number);
}

/// Without a `String`: every message of a stream has a number.
pub(super) fn push_number(headers: &mut Headers, name: &str, mut number: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    headers.push(name, &digits[start..]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fields(headers: &Headers) -> Fields<'_> {
        Fields::collect(headers, true)
    }

    fn read_request(pairs: &[(&str, &str)]) -> Result<Frame, Fault> {
        fields(&pairs.iter().copied().collect()).request_frame()
    }

    #[test]
    fn a_request_has_no_header() {
        let mut headers = Headers::new();
        Frame::Request.write(&mut headers);
        ReplyFrame::Reply.write(&mut headers);
        assert_eq!(headers.len(), 0);
        assert_eq!(fields(&headers).request_frame(), Ok(Frame::Request));
        assert_eq!(fields(&headers).reply_frame(), Ok(ReplyFrame::Reply));
    }

    #[test]
    fn unknown_frames_and_frames_without_what_they_need_are_refused() {
        for pairs in [
            &[("rpc-frame", "Cancel")][..],
            &[("rpc-frame", "")],
            &[("rpc-frame", "status"), ("rpc-seq", "1")],
            &[("rpc-frame", "message")],
            &[("rpc-frame", "message"), ("rpc-seq", "x")],
            &[("rpc-frame", "message"), ("rpc-seq", "-1")],
            &[
                ("rpc-frame", "message"),
                ("rpc-seq", "99999999999999999999"),
            ],
            &[("rpc-frame", "message"), ("rpc-seq", "1"), ("rpc-seq", "1")],
            &[("rpc-frame", "credit")],
            &[("rpc-frame", "credit"), ("rpc-credit", "1")],
            &[("rpc-frame", "cancel"), ("rpc-frame", "cancel")],
        ] {
            assert!(read_request(pairs).is_err(), "{pairs:?}");
        }
        let moved: Headers = [("rpc-frame", "moved")].into_iter().collect();
        assert!(fields(&moved).request_frame().is_err());
        let cancel: Headers = [("rpc-frame", "cancel")].into_iter().collect();
        assert!(fields(&cancel).reply_frame().is_err());
    }

    proptest! {
        #[test]
        fn every_frame_is_read_back(number in 0..=1_u64 << 63, messages in 0..9_u64, bytes in 0..9_u64) {
            let credit = Credit { messages, bytes };
            for frame in [
                Frame::Request, Frame::Message(number), Frame::HalfClose(number),
                Frame::Credit(credit), Frame::Chunk(number), Frame::Cancel,
            ] {
                let mut headers = Headers::new();
                frame.write(&mut headers);
                prop_assert_eq!(fields(&headers).request_frame(), Ok(frame));
            }
            for frame in [
                ReplyFrame::Reply, ReplyFrame::Response, ReplyFrame::Message(number),
                ReplyFrame::Status(number), ReplyFrame::Credit(credit), ReplyFrame::Chunk(number),
                ReplyFrame::Moved,
            ] {
                let mut headers = Headers::new();
                frame.write(&mut headers);
                prop_assert_eq!(fields(&headers).reply_frame(), Ok(frame));
            }
        }

        #[test]
        fn numbers_are_written_as_decimal_text(number: u64) {
            let mut headers = Headers::new();
            push_number(&mut headers, names::SEQ, number);
            let text = number.to_string();
            prop_assert_eq!(headers.get(names::SEQ), Some(text.as_bytes()));
        }
    }
}

//! What a dead letter says beside its request.

use std::fmt;
use std::sync::Arc;

use super::headers::Headers;
use super::{message, names};
use crate::call::Code;

/// What all names begin with that a letter has beside those of its request.
const OF_LETTERS: &str = "rpc-dead-letter-";

/// What is said of a request that was not handled, or failed for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LetterHead {
    pub(crate) cause: LetterCause,
    pub(crate) code: Code,
    pub(crate) message: String,
    /// How often the handler was started.
    pub(crate) attempts: u32,
    /// When the letter was written, in milliseconds since the Unix epoch.
    pub(crate) time: i64,
    pub(crate) instance: Arc<str>,
    pub(crate) topic: Arc<str>,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    /// The last offset, where it stands for several records.
    pub(crate) last_offset: Option<i64>,
    /// The request's own time.
    pub(crate) timestamp: Option<i64>,
    /// How many bytes the request's value has, where it was left out.
    pub(crate) omitted: Option<u64>,
    pub(crate) replays: u32,
}

/// Why a request became a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LetterCause {
    /// It can't be handled: a header is missing or wrong, the method is not known, it is too large.
    Refused,
    /// Its handler failed for good.
    Failed,
    /// Its deadline passed before it was handled.
    Expired,
    /// The records can't be fetched or unpacked; the letter says where they are.
    Unreadable,
    /// The record in the dead-letter topic does not say.
    Unknown,
}

impl LetterCause {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Unreadable => "unreadable",
            Self::Unknown => "unknown",
        }
    }

    fn parse(name: &[u8]) -> Option<Self> {
        let all = [Self::Refused, Self::Failed, Self::Expired, Self::Unreadable];
        all.into_iter()
            .find(|cause| cause.as_str().as_bytes() == name)
    }
}

impl fmt::Display for LetterCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The headers of a letter: those of its request, and what is said of it. What an earlier letter said
/// of the same request is left out, and so is what says that the message is in pieces: it was put
/// together, or a part of it is lost.
pub(crate) fn encode_letter(request: &Headers, head: &LetterHead) -> Headers {
    let mut headers = Headers::with_room();
    for (name, value) in request.iter() {
        if !is_of_letter(name) {
            headers.push(name, value);
        }
    }
    let mut push = |name, value: &dyn ToString| headers.push(name, value.to_string().as_bytes());
    push(names::LETTER_CAUSE, &head.cause.as_str());
    push(names::LETTER_CODE, &(head.code as i32));
    if !head.message.is_empty() {
        push(names::LETTER_MESSAGE, &message::encode(&head.message));
    }
    push(names::LETTER_ATTEMPTS, &head.attempts);
    push(names::LETTER_TIME, &head.time);
    push(names::LETTER_INSTANCE, &head.instance);
    push(names::LETTER_TOPIC, &head.topic);
    push(names::LETTER_PARTITION, &head.partition);
    push(names::LETTER_OFFSET, &head.offset);
    if let Some(last) = head.last_offset {
        push(names::LETTER_LAST_OFFSET, &last);
    }
    if let Some(timestamp) = head.timestamp {
        push(names::LETTER_TIMESTAMP, &timestamp);
    }
    if let Some(bytes) = head.omitted {
        push(names::LETTER_OMITTED, &bytes);
    }
    if head.replays > 0 {
        push(names::LETTER_REPLAYS, &head.replays);
    }
    headers
}

/// Says that the value is left out.
pub(crate) fn mark_omitted(headers: &mut Headers, bytes: u64) {
    headers.push(names::LETTER_OMITTED, bytes.to_string().as_bytes());
}

/// What is said of the request, without its own headers.
pub(crate) fn only_of_letter(letter: &Headers) -> Headers {
    let of_letter = |name: &str| name.starts_with(OF_LETTERS);
    letter.iter().filter(|(name, _)| of_letter(name)).collect()
}

/// Whether a header of a letter is none of its request's.
pub(crate) fn is_of_letter(name: &str) -> bool {
    name == names::CHUNKS || name.starts_with(OF_LETTERS)
}

/// Whether these are the headers of a letter.
pub(crate) fn is_letter(headers: &Headers) -> bool {
    headers.iter().any(|(name, _)| name == names::LETTER_CAUSE)
}

/// How often the request has been replayed that has these headers. What can't be read counts as
/// never.
pub(crate) fn replays_of(headers: &Headers) -> u32 {
    let replays = headers
        .iter()
        .filter(|(name, _)| *name == names::LETTER_REPLAYS);
    replays
        .filter_map(|(_, value)| number(value))
        .max()
        .unwrap_or(0)
}

/// What a letter says of its request; `None` where the record is no letter of ours.
pub(crate) fn decode_letter(headers: &Headers) -> Option<LetterHead> {
    let value = |wanted: &str| {
        let found = headers.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, value)| value)
    };
    let text = |name| value(name).map(String::from_utf8_lossy);
    Some(LetterHead {
        cause: LetterCause::parse(value(names::LETTER_CAUSE)?)?,
        code: Code::from(value(names::LETTER_CODE).and_then(number::<i32>)?),
        message: message::decode(value(names::LETTER_MESSAGE).unwrap_or_default()).into_owned(),
        attempts: value(names::LETTER_ATTEMPTS).and_then(number)?,
        time: value(names::LETTER_TIME).and_then(number)?,
        instance: text(names::LETTER_INSTANCE)?.into(),
        topic: text(names::LETTER_TOPIC)?.into(),
        partition: value(names::LETTER_PARTITION).and_then(number)?,
        offset: value(names::LETTER_OFFSET).and_then(number)?,
        last_offset: value(names::LETTER_LAST_OFFSET).and_then(number),
        timestamp: value(names::LETTER_TIMESTAMP).and_then(number),
        omitted: value(names::LETTER_OMITTED).and_then(number),
        replays: replays_of(headers),
    })
}

/// The headers of the request that a letter is replayed as: those that came with it, but not where
/// a reply would go, since nobody waits there any more.
pub(crate) fn encode_replay(letter: &Headers, id: &[u8], replays: u32) -> Headers {
    let mut headers = Headers::with_room();
    headers.push(names::CORRELATION_ID, id);
    for (name, value) in letter.iter() {
        let replaced = matches!(
            name,
            names::CORRELATION_ID | names::REPLY_TOPIC | names::REPLY_PARTITION
        );
        if !replaced && !is_of_letter(name) {
            headers.push(name, value);
        }
    }
    headers.push(names::LETTER_REPLAYS, replays.to_string().as_bytes());
    headers
}

fn number<N: std::str::FromStr>(value: &[u8]) -> Option<N> {
    str::from_utf8(value).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn head() -> LetterHead {
        LetterHead {
            cause: LetterCause::Failed,
            code: Code::Unavailable,
            message: "the bank is away: 50 %".to_owned(),
            attempts: 3,
            time: 1_700_000_000_123,
            instance: "node-3".into(),
            topic: "shop.v1.Orders.PlaceOrder".into(),
            partition: 2,
            offset: 41,
            last_offset: None,
            timestamp: Some(1_700_000_000_000),
            omitted: None,
            replays: 1,
        }
    }

    #[test]
    fn a_letter_has_the_headers_of_its_request_and_says_why_it_is_one() {
        let request: Headers = [
            ("kafka_correlationId", "call"),
            ("tenant", "north"),
            ("tenant", "2"),
        ]
        .into_iter()
        .collect();
        let letter = encode_letter(&request, &head());
        let as_it_came: Headers = letter.iter().take(3).collect();
        assert_eq!(as_it_came, request);
        assert_eq!(decode_letter(&letter), Some(head()));
        assert!(is_letter(&letter) && !is_letter(&request));
    }

    #[test]
    fn a_letter_of_a_replayed_request_says_nothing_of_the_letter_before() {
        let first = encode_letter(&Headers::new(), &head());
        let replayed = encode_replay(&first, b"new", 2);
        assert_eq!(replays_of(&replayed), 2);
        let again = LetterHead {
            replays: 2,
            cause: LetterCause::Refused,
            ..head()
        };
        let second = encode_letter(&replayed, &again);
        assert_eq!(decode_letter(&second), Some(again));
    }

    #[test]
    fn a_replay_has_a_new_id_and_no_reply_address_and_keeps_all_else() {
        let request: Headers = [
            ("kafka_correlationId", "old"),
            ("kafka_replyTopic", "r"),
            ("kafka_replyPartition", "0"),
            ("rpc-method", "a.B/C"),
            ("rpc-idempotency-key", "k"),
            ("tenant", "north"),
        ]
        .into_iter()
        .collect();
        let replay = encode_replay(&encode_letter(&request, &head()), b"new", 2);
        let expected: Headers = [
            ("kafka_correlationId", "new"),
            ("rpc-method", "a.B/C"),
            ("rpc-idempotency-key", "k"),
            ("tenant", "north"),
            ("rpc-dead-letter-replays", "2"),
        ]
        .into_iter()
        .collect();
        assert_eq!(replay, expected);
    }

    proptest! {
        #[test]
        fn headers_of_any_kind_are_no_letter_or_one_that_is_read(pairs: Vec<(String, Vec<u8>)>) {
            let headers: Headers = pairs.iter().map(|(name, value)| (name, value)).collect();
            prop_assert_eq!(decode_letter(&headers), None);
            let letter = encode_letter(&headers, &head());
            prop_assert_eq!(decode_letter(&letter), Some(head()));
        }
    }
}

//! What holds for any input, however damaged: checked by the property tests and by the fuzz
//! targets.
//!
//! Each function takes raw input and panics where a property fails.

use std::time::Duration;

use super::chunk::Whole;
use super::correlation_id::CorrelationId;
use super::frame::ReplyFrame;
use super::headers::Headers;
use super::limits::HeaderLimits;
use super::reply::{ReplyHead, decode_reply, encode_failure, encode_reply};
use super::request::{decode_request, encode_request};
use super::{message, names, timeout};
use crate::call::{Code, Metadata, Status};

/// The names that mean something to us, for input that gets past them.
pub const NAMES: [&str; 17] = [
    names::CORRELATION_ID,
    names::REPLY_TOPIC,
    names::REPLY_PARTITION,
    names::METHOD,
    names::CONTENT_TYPE,
    names::TIMEOUT,
    names::FRAME,
    names::STATUS,
    names::STATUS_MESSAGE,
    names::STATUS_DETAILS,
    names::SEQ,
    names::CREDIT,
    names::RESUME,
    names::CHUNKS,
    names::INSTANCE,
    names::DURABLE,
    names::IDEMPOTENCY_KEY,
];

/// No limits, for what grows when it is written again: `content-type` is written even where it was
/// absent.
const UNLIMITED: HeaderLimits = HeaderLimits {
    count: usize::MAX,
    bytes: usize::MAX,
};

/// A request that is read is written so that it is read as the same; one that is refused is refused
/// to nobody but the caller whose address it carries.
pub fn request(pairs: &[(&str, &[u8])]) {
    let headers: Headers = pairs.iter().copied().collect();
    let limits = HeaderLimits::default();
    match decode_request(&headers, &"usual".into(), &limits) {
        Ok(head) => {
            assert_eq!(limits.check(&headers), Ok(()));
            let written = encode_request(&head, &UNLIMITED).expect("what was read can be written");
            assert_eq!(
                decode_request(&written, &"usual".into(), &UNLIMITED)
                    .expect("what was written can be read"),
                head
            );
        }
        Err(refusal) => {
            match refusal.status.code() {
                Code::ResourceExhausted => assert!(limits.check(&headers).is_err()),
                code => assert_eq!(code, Code::InvalidArgument),
            }
            assert!(refusal.status.message().len() < 1000, "{}", refusal.status);
            if let Some((id, address)) = refusal.reply {
                assert_eq!(only(&headers, names::CORRELATION_ID), Some(id.as_bytes()));
                assert_eq!(
                    only(&headers, names::REPLY_TOPIC),
                    Some(address.topic().as_bytes())
                );
                assert_eq!(
                    only(&headers, names::REPLY_PARTITION).is_some(),
                    address.partition().is_some()
                );
            }
        }
    }
}

/// A reply with one good id ends its call, and is written so that it is read as the same.
pub fn reply(pairs: &[(&str, &[u8])]) {
    let headers: Headers = pairs.iter().copied().collect();
    let id = only(&headers, names::CORRELATION_ID).and_then(|id| CorrelationId::new(id).ok());
    let head = match decode_reply(&headers, &HeaderLimits::default()) {
        Ok(head) => head,
        Err(fault) => {
            assert_eq!(id, None, "{fault}");
            return;
        }
    };
    assert_eq!(Some(head.correlation_id), id);

    let written = encode_reply(&head, &UNLIMITED).expect("what was read can be written");
    let read = decode_reply(&written, &UNLIMITED).expect("what was written can be read");
    assert_eq!(comparable(&read), comparable(&head));

    if let Err(status) = head.outcome {
        assert_ne!(status.code(), Code::Ok);
        let told = decode_reply(
            &encode_failure(&head.correlation_id, &status),
            &HeaderLimits::default(),
        )
        .expect("a failure can always be read")
        .outcome
        .expect_err("a failure is no success");
        assert_eq!(told.code(), status.code());
        assert!(status.message().starts_with(told.message()));
    }
}

/// A timeout that is read is written as the same length, in no more bytes; and any length is
/// written without being shortened, up to the longest that can be.
pub fn timeout(value: &[u8], any: Duration) {
    if let Ok(read) = timeout::parse(value) {
        let written = timeout::format(read);
        assert_eq!(timeout::parse(written.as_bytes()), Ok(read));
        assert!(written.as_bytes().len() <= value.len());
    }
    let longest = Duration::from_secs(99_999_999 * 3600);
    let read =
        timeout::parse(timeout::format(any).as_bytes()).expect("what was written can be read");
    assert!(
        read >= any.min(longest) && read <= longest,
        "{any:?} became {read:?}"
    );
    assert_eq!(read.is_zero(), any.is_zero());
}

/// A status message is read from any bytes, and written in printable ASCII so that it is read as
/// the same.
pub fn status_message(value: &[u8]) {
    let read = message::decode(value);
    let written = message::encode(&read);
    assert!(
        written.bytes().all(|byte| matches!(byte, b' '..=b'~')),
        "{written:?}"
    );
    assert_eq!(message::decode(written.as_bytes()), read);
}

/// The value of a header that comes exactly once.
fn only<'h>(headers: &'h Headers, name: &str) -> Option<&'h [u8]> {
    let mut values = headers.get_all(name);
    values.next().filter(|_| values.next().is_none())
}

type Comparable<'a> = (
    CorrelationId,
    ReplyFrame,
    Option<Whole>,
    Option<&'a str>,
    Result<&'a super::reply::MessageHead, (Code, &'a str, &'a [u8], &'a Metadata)>,
);

fn comparable(head: &ReplyHead) -> Comparable<'_> {
    fn parts(status: &Status) -> (Code, &str, &[u8], &Metadata) {
        (
            status.code(),
            status.message(),
            status.details(),
            status.metadata(),
        )
    }
    (
        head.correlation_id,
        head.frame,
        head.whole,
        head.instance.as_deref(),
        head.outcome.as_ref().map_err(parts),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::names;

    /// Headers as they should be, so that not all input ends at the first check.
    const GOOD: [(&str, &[u8]); 28] = [
        (
            names::CORRELATION_ID,
            b"67e55044-10b1-426f-9247-bb680e5fe0c8",
        ),
        (names::CORRELATION_ID, &[0xd6; 16]),
        (names::REPLY_TOPIC, b"shop.v1.Orders.reply"),
        (names::REPLY_PARTITION, &[0, 0, 0, 3]),
        (names::REPLY_PARTITION, b"3"),
        (names::METHOD, b"shop.v1.Orders/PlaceOrder"),
        (names::CONTENT_TYPE, b"application/protobuf"),
        (names::CONTENT_TYPE, b"application/json; charset=utf-8"),
        (names::TIMEOUT, b"500m"),
        (names::TIMEOUT, b"30000000u"),
        (names::FRAME, b"cancel"),
        (names::FRAME, b"message"),
        (names::FRAME, b"credit"),
        (names::FRAME, b"status"),
        (names::FRAME, b"half-close"),
        (names::SEQ, b"7"),
        (names::CREDIT, b"64 65536"),
        (names::RESUME, b"3"),
        (names::DURABLE, b"1"),
        (names::IDEMPOTENCY_KEY, b"order-17"),
        (names::IDEMPOTENCY_KEY, &[0xd6; 16]),
        (names::STATUS, b"0"),
        (names::STATUS, b"5"),
        (names::STATUS, b"42"),
        (names::STATUS_MESSAGE, b"50%25 of caf%C3%A9"),
        (names::STATUS_DETAILS, &[8, 5, 0xff]),
        ("x-tenant", b"north"),
        ("X-Digest-bin", &[0, 0xff]),
    ];

    fn name() -> impl Strategy<Value = String> {
        prop_oneof![
            select(&super::NAMES[..]).prop_map(str::to_owned),
            "[a-zA-Z]{1,3}(-bin)?",
            "(kafka_|grpc-|rpc-|Rpc-)[a-z]{0,3}",
            any::<String>(),
        ]
    }

    fn header() -> impl Strategy<Value = (String, Vec<u8>)> {
        prop_oneof![
            8 => select(&GOOD[..]).prop_map(|(name, value)| (name.to_owned(), value.to_vec())),
            1 => (name(), vec(any::<u8>(), 0..80)),
            1 => (name(), "[ -~]{0,40}".prop_map(String::into_bytes)),
        ]
    }

    fn headers() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
        // Few are read, many are refused for repetitions, and some go over the limits.
        prop_oneof![
            8 => vec(header(), 0..8),
            1 => vec(header(), 0..80),
            1 => vec((name(), vec(any::<u8>(), 0..10_000)), 0..4),
        ]
    }

    fn pairs(headers: &[(String, Vec<u8>)]) -> Vec<(&str, &[u8])> {
        headers
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn any_headers_are_a_request_or_refused(headers in headers()) {
            super::request(&pairs(&headers));
        }

        #[test]
        fn any_headers_are_a_reply_or_nobodys(mut headers in headers(), with_id: bool) {
            if with_id {
                headers.push((names::CORRELATION_ID.to_owned(), b"c-1".to_vec()));
            }
            super::reply(&pairs(&headers));
        }

        #[test]
        fn any_timeout_is_read_and_written(
            value in "[0-9]{0,9}[HMSmunx]?",
            secs: u64,
            shift in 0..64u32,
            nanos in 0..1_000_000_000u32,
        ) {
            super::timeout(value.as_bytes(), Duration::new(secs >> shift, nanos));
        }

        #[test]
        fn any_bytes_are_a_message(
            value in vec(prop_oneof![Just(b'%'), any::<u8>(), b'0'..=b'F'], 0..60),
        ) {
            super::status_message(&value);
        }
    }
}

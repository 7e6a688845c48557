use super::*;
use crate::call::MetadataValue;

const ID: (&str, &[u8]) = (names::CORRELATION_ID, b"c-1");

fn headers(pairs: &[(&str, &[u8])]) -> Headers {
    pairs.iter().copied().collect()
}

fn id() -> CorrelationId {
    CorrelationId::new(b"c-1").unwrap()
}

/// The outcome of the call whose reply has these headers beside its id.
fn outcome(more: &[(&str, &[u8])]) -> Result<MessageHead, Status> {
    let head = decode_reply(&headers(&[&[ID], more].concat()), &HeaderLimits::default()).unwrap();
    assert_eq!(head.correlation_id, id());
    head.outcome
}

fn failure(more: &[(&str, &[u8])]) -> (Code, String) {
    let status = outcome(more).expect_err("should have failed");
    (status.code(), status.message().to_owned())
}

fn metadata(entries: &[(&'static str, &'static str)]) -> Metadata {
    let mut metadata = Metadata::new();
    for (key, value) in entries {
        metadata
            .append(*key, MetadataValue::from_static(value))
            .unwrap();
    }
    metadata
}

fn encode(outcome: Result<MessageHead, Status>) -> Result<Headers, Status> {
    let head = ReplyHead {
        correlation_id: id(),
        frame: ReplyFrame::Reply,
        instance: None,
        whole: None,
        outcome,
    };
    encode_reply(&head, &HeaderLimits::default())
}

#[test]
fn a_good_reply_is_written_in_this_order() {
    let message = MessageHead {
        content_type: ContentType::Json,
        metadata: metadata(&[("x-b", "2"), ("x-a", "1")]),
    };
    let written = encode(Ok(message.clone())).unwrap();
    let expected: [(&str, &[u8]); 3] = [
        ("content-type", b"application/json"),
        ("x-b", b"2"),
        ("x-a", b"1"),
    ];
    assert_eq!(written, headers(&[&[ID][..], &expected].concat()));
    assert_eq!(outcome(&expected).unwrap(), message);
}

#[test]
fn a_status_is_written_in_this_order() {
    let written = encode(Err(Status::with_details_and_metadata(
        Code::NotFound,
        "no order 7%\n",
        Bytes::from_static(&[8, 5, 0xff]),
        metadata(&[("x-shard", "3")]),
    )))
    .unwrap();
    let expected: [(&str, &[u8]); 4] = [
        ("grpc-status", b"5"),
        ("grpc-message", b"no order 7%25%0A"),
        ("grpc-status-details-bin", &[8, 5, 0xff]),
        ("x-shard", b"3"),
    ];
    assert_eq!(written, headers(&[&[ID][..], &expected].concat()));

    let status = outcome(&expected).unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::NotFound, "no order 7%\n")
    );
    assert_eq!(status.details(), [8, 5, 0xff]);
    assert_eq!(*status.metadata(), metadata(&[("x-shard", "3")]));
}

#[test]
fn a_status_without_message_and_details_has_no_headers_for_them() {
    let written = encode(Err(Status::new(Code::Aborted, ""))).unwrap();
    assert_eq!(written, headers(&[ID, ("grpc-status", b"10")]));
}

#[test]
fn no_status_means_ok() {
    assert_eq!(outcome(&[]).unwrap(), MessageHead::default());
    assert_eq!(
        outcome(&[("grpc-message", b"ignored")]).unwrap(),
        MessageHead::default()
    );
}

#[test]
fn every_code_is_read_back() {
    for code in (1..=16).map(Code::from_i32) {
        let written = encode(Err(Status::new(code, "m"))).unwrap();
        let read = decode_reply(&written, &HeaderLimits::default()).unwrap();
        assert_eq!(read.outcome.unwrap_err().code(), code);
    }
}

#[test]
fn a_failure_that_says_ok_is_unknown() {
    let written = encode(Err(Status::new(Code::Ok, "fine?"))).unwrap();
    assert_eq!(written.get("grpc-status"), Some(&b"2"[..]));
}

#[test]
fn a_code_that_is_not_known_is_unknown_and_keeps_its_message() {
    assert_eq!(
        failure(&[("grpc-status", b"42"), ("grpc-message", b"too%20odd")]),
        (
            Code::Unknown,
            "the reply's status \"42\" is no known code: too odd".to_owned()
        )
    );
    for value in [
        &b""[..],
        b"-1",
        b"+0",
        b"five",
        b"5 ",
        b"4294967296",
        b"\xff",
    ] {
        let (code, message) = failure(&[("grpc-status", value)]);
        assert_eq!(code, Code::Unknown);
        assert!(message.contains("no known code"), "{message}");
    }
}

#[test]
fn a_status_that_comes_twice_is_unknown() {
    for name in ["grpc-status", "grpc-message", "grpc-status-details-bin"] {
        let (code, message) = failure(&[("grpc-status", b"5"), (name, b"5"), (name, b"5")]);
        assert_eq!(code, Code::Unknown);
        assert!(
            message.contains(&format!("header `{name}` comes more than once")),
            "{message}"
        );
    }
}

#[test]
fn a_bad_content_type_is_internal_unless_the_call_failed() {
    let (code, message) = failure(&[("content-type", b"text/html")]);
    assert_eq!(code, Code::Internal);
    assert!(
        message.contains("header `content-type` is \"text/html\""),
        "{message}"
    );
    assert_eq!(
        failure(&[("content-type", b"text/html"), ("grpc-status", b"5")]).0,
        Code::NotFound
    );
}

#[test]
fn a_reply_over_the_limits_ends_the_call() {
    let (code, message) = failure(&[("x", &b"y"[..]); 64]);
    assert_eq!(code, Code::ResourceExhausted);
    assert_eq!(
        message,
        "the reply can't be read: 65 headers are over the limit of 64"
    );
}

#[test]
fn a_reply_to_nobody_is_an_error() {
    let read = |pairs: &[(&str, &[u8])]| {
        decode_reply(&headers(pairs), &HeaderLimits::default())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        read(&[]),
        "header `kafka_correlationId` is missing: it tells whose reply this is"
    );
    assert_eq!(
        read(&[ID, ID]),
        "header `kafka_correlationId` comes more than once"
    );
    assert!(read(&[(ID.0, &[0; 65])]).contains("1 to 64 bytes"));
}

#[test]
fn requests_headers_mean_nothing_on_a_reply() {
    let more: [(&str, &[u8]); 4] = [
        ("kafka_replyTopic", b"x"),
        ("grpc-timeout", b"soon"),
        ("grpc-timeout", b"soon"),
        ("rpc-method", b"a.B/C"),
    ];
    assert_eq!(outcome(&more).unwrap(), MessageHead::default());
}

#[test]
fn a_reply_over_the_limits_is_not_written() {
    let status = Status::new(Code::NotFound, "%".repeat(6000));
    let refused = encode(Err(status)).unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(
        refused
            .message()
            .starts_with("the reply (NotFound) can't be sent: 18"),
        "{refused}"
    );

    let refused = encode(Ok(MessageHead {
        metadata: (0..64).fold(Metadata::new(), |mut metadata, _| {
            metadata
                .append("x", MetadataValue::from_static("y"))
                .unwrap();
            metadata
        }),
        ..MessageHead::default()
    }))
    .unwrap_err();
    assert_eq!(
        refused.message(),
        "the reply (Ok) can't be sent: 65 headers are over the limit of 64"
    );
}

#[test]
fn a_failure_is_told_whatever_its_size() {
    let status = Status::with_details_and_metadata(
        Code::NotFound,
        "é".repeat(10_000),
        Bytes::from(vec![0; 20_000]),
        metadata(&[("x", "y"); 100]),
    );
    let written = encode_failure(&id(), &status);
    assert_eq!(HeaderLimits::default().check(&written), Ok(()));
    let read = decode_reply(&written, &HeaderLimits::default())
        .unwrap()
        .outcome
        .unwrap_err();
    assert_eq!(
        (read.code(), read.message()),
        (Code::NotFound, &*"é".repeat(500))
    );
    assert!(read.details().is_empty() && read.metadata().is_empty());
}

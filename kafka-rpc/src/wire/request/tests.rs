use super::*;
use crate::call::{Code, MetadataValue};

const ID: (&str, &[u8]) = (
    names::CORRELATION_ID,
    b"67e55044-10b1-426f-9247-bb680e5fe0c8",
);
const TOPIC: (&str, &[u8]) = (names::REPLY_TOPIC, b"shop.v1.Orders.PlaceOrder.reply");
const PARTITION: (&str, &[u8]) = (names::REPLY_PARTITION, &[0, 0, 0, 3]);

fn headers(pairs: &[(&str, &[u8])]) -> Headers {
    pairs.iter().copied().collect()
}

fn decode(headers: &Headers) -> Result<RequestHead<'_>, Box<Refusal>> {
    decode_request(headers, &"usual.reply".into(), &HeaderLimits::default())
}

/// Sends a good address and `more` headers, and expects a refusal that goes to that address.
fn refusal(more: &[(&str, &[u8])]) -> (Code, String) {
    let headers = headers(&[&[ID, TOPIC, PARTITION], more].concat());
    let refusal = decode(&headers).expect_err("should be refused");
    assert_eq!(
        refusal.reply,
        Some((id(), address())),
        "{:?}",
        refusal.status
    );
    (refusal.status.code(), refusal.status.message().to_owned())
}

/// Sends these headers, and expects a refusal that can't be told to the caller.
fn silent_refusal(pairs: &[(&str, &[u8])]) -> String {
    let headers = headers(pairs);
    let refusal = decode(&headers).expect_err("should be refused");
    assert_eq!(refusal.reply, None, "{:?}", refusal.status);
    assert_eq!(refusal.status.code(), Code::InvalidArgument);
    refusal.status.message().to_owned()
}

fn id() -> CorrelationId {
    CorrelationId::new(ID.1).unwrap()
}

fn address() -> ReplyAddress {
    ReplyAddress::new("shop.v1.Orders.PlaceOrder.reply", Some(3)).unwrap()
}

#[test]
fn a_request_of_ours_is_written_in_this_order() {
    let mut metadata = Metadata::new();
    metadata
        .append("x-b", MetadataValue::from_static("2"))
        .unwrap();
    metadata
        .append("x-a-bin", MetadataValue::from_bytes(&[0xff]))
        .unwrap();
    let head = RequestHead {
        correlation_id: Some(id()),
        reply: Some(address()),
        method: Some("shop.v1.Orders/PlaceOrder"),
        content_type: ContentType::Protobuf,
        timeout: Some(Duration::from_secs(30)),
        frame: Frame::Request,
        metadata,
        ..RequestHead::default()
    };
    let written = encode_request(&head, &HeaderLimits::default()).unwrap();
    let expected = headers(&[
        ID,
        TOPIC,
        PARTITION,
        ("rpc-method", b"shop.v1.Orders/PlaceOrder"),
        ("grpc-timeout", b"30S"),
        ("x-b", b"2"),
        ("x-a-bin", &[0xff]),
    ]);
    assert_eq!(written, expected);
    assert_eq!(decode(&written).unwrap(), head);
}

#[test]
fn a_cancel_names_its_call_and_says_so() {
    let head = RequestHead {
        correlation_id: Some(id()),
        frame: Frame::Cancel,
        ..RequestHead::default()
    };
    let written = encode_request(&head, &HeaderLimits::default()).unwrap();
    assert_eq!(written.get("rpc-frame"), Some(&b"cancel"[..]));
    assert_eq!(decode(&written).unwrap(), head);
}

#[test]
fn a_record_without_headers_is_a_request_that_wants_no_reply() {
    assert_eq!(decode(&Headers::new()).unwrap(), RequestHead::default());
}

#[test]
fn a_request_of_spring_is_read() {
    let headers = headers(&[
        (names::REPLY_TOPIC, b"replies"),
        (names::REPLY_PARTITION, &[0, 0, 0, 7]),
        (names::CORRELATION_ID, &[0xd6; 16]),
        ("spring_json_header_types", br#"{"x":"java.lang.String"}"#),
        ("__TypeId__", b"shop.PlaceOrder"),
        ("x-note", "Zoë".as_bytes()),
    ]);
    let head = decode(&headers).unwrap();
    assert_eq!(head.correlation_id.unwrap().as_bytes(), [0xd6; 16]);
    assert_eq!(head.reply, ReplyAddress::new("replies", Some(7)).ok());
    assert_eq!(
        format!("{:?}", head.metadata),
        r#"{"spring_json_header_types": "{\"x\":\"java.lang.String\"}", "__typeid__": "shop.PlaceOrder"}"#,
        "names in lower case, and no text that is not printable ASCII"
    );
}

#[test]
fn a_request_of_nestjs_is_read() {
    let headers = headers(&[
        (names::CORRELATION_ID, b"5a1f0c9e1b7d"),
        (names::REPLY_TOPIC, b"shop.reply"),
        (names::REPLY_PARTITION, b"12"),
    ]);
    assert_eq!(
        decode(&headers).unwrap().reply,
        ReplyAddress::new("shop.reply", Some(12)).ok()
    );
}

#[test]
fn headers_that_are_no_metadata_are_left_out_not_refused() {
    let headers = headers(&[
        ("kafka_nativeHeaders", b"x"),
        ("grpc-encoding", b"gzip"),
        ("rpc-idempotency-key", b"k"),
        ("RPC-Method", b"not the method, and not metadata"),
        ("Content-Type", b"text/plain"),
        ("", b"no name"),
        ("a b", b"x"),
        ("naïve", b"x"),
        ("tab", b"\t"),
        ("X-Kept", b""),
        ("x-bin", b"\t"),
    ]);
    let head = decode(&headers).unwrap();
    assert_eq!(
        format!("{:?}", head.metadata),
        r#"{"x-kept": "", "x-bin": b"\t"}"#
    );
    assert_eq!(
        (head.method, head.content_type),
        (None, ContentType::Protobuf)
    );
}

#[test]
fn metadata_keeps_its_order_and_repetitions() {
    let headers = headers(&[("b", b"1"), ID, ("a", b"2"), ("b", b"3")]);
    let head = decode(&headers).unwrap();
    assert_eq!(
        format!("{:?}", head.metadata),
        r#"{"b": "1", "a": "2", "b": "3"}"#
    );
}

#[test]
fn a_bad_value_is_refused_and_named() {
    for (name, value, why) in [
        (
            "grpc-timeout",
            &b"5days"[..],
            "\"5days\": a timeout is 1 to 8 digits and a unit",
        ),
        (
            "content-type",
            b"text/plain",
            "\"text/plain\": known are application/protobuf and application/json",
        ),
        (
            "rpc-frame",
            b"status",
            "\"status\": the frames of a caller are message, half-close, credit, chunk and cancel",
        ),
        ("rpc-method", b"\xff", "\"\\xff\": invalid utf-8 sequence"),
    ] {
        let (code, message) = refusal(&[(name, value)]);
        assert_eq!(code, Code::InvalidArgument);
        assert!(
            message.starts_with(&format!("header `{name}` is {why}")),
            "{message}"
        );
    }
}

#[test]
fn a_repeated_header_is_refused_even_with_the_same_value() {
    for (name, value) in [
        ("rpc-method", &b"a.B/C"[..]),
        ("content-type", b"application/json"),
        ("grpc-timeout", b"5S"),
        ("rpc-frame", b"cancel"),
    ] {
        let (code, message) = refusal(&[(name, value), (name, value)]);
        assert_eq!(code, Code::InvalidArgument);
        assert_eq!(message, format!("header `{name}` comes more than once"));
    }
}

#[test]
fn a_bad_address_is_refused_without_a_reply() {
    let long = [b'x'; 65];
    for (pairs, message) in [
        (
            &[TOPIC, (ID.0, b"")][..],
            "header `kafka_correlationId` is \"\": a correlation id has 1 to 64 bytes, this one has 0",
        ),
        (
            &[TOPIC, (ID.0, &long)],
            "a correlation id has 1 to 64 bytes, this one has 65",
        ),
        (
            &[TOPIC, ID, ID],
            "header `kafka_correlationId` comes more than once",
        ),
        (
            &[ID, TOPIC, TOPIC],
            "header `kafka_replyTopic` comes more than once",
        ),
        (
            &[ID, TOPIC, PARTITION, PARTITION],
            "header `kafka_replyPartition` comes more than once",
        ),
        (
            &[ID, TOPIC, (PARTITION.0, b"-1")],
            "header `kafka_replyPartition` is \"-1\": a reply partition is from 0",
        ),
        (
            &[ID, (TOPIC.0, b"")],
            "header `kafka_replyTopic` is \"\": a topic's name can't be empty",
        ),
        (
            &[ID, (TOPIC.0, b"../x")],
            "header `kafka_replyTopic` is \"../x\": a topic's name is made of",
        ),
        (
            &[ID, (TOPIC.0, b"\xff")],
            "header `kafka_replyTopic` is \"\\xff\": invalid utf-8",
        ),
        (
            &[ID, PARTITION],
            "header `kafka_replyTopic` is missing: `kafka_replyPartition` is a partition of it",
        ),
        (
            &[TOPIC],
            "header `kafka_correlationId` is missing: a reply is told by it",
        ),
        (
            &[("rpc-frame", b"cancel")],
            "header `kafka_correlationId` is missing: a frame names its call by it",
        ),
    ] {
        let told = silent_refusal(pairs);
        assert!(told.contains(message), "{told}");
    }
}

#[test]
fn a_refusal_of_a_request_that_wants_no_reply_has_no_address() {
    let message = silent_refusal(&[ID, ("grpc-timeout", b"soon")]);
    assert!(message.contains("grpc-timeout"), "{message}");
}

#[test]
fn too_many_headers_are_refused_to_the_caller() {
    let (code, message) = refusal(&[("x", &b"y"[..]); 62]);
    assert_eq!(code, Code::ResourceExhausted);
    assert_eq!(message, "65 headers are over the limit of 64");
}

#[test]
fn too_long_headers_are_refused_to_the_caller() {
    let (code, message) = refusal(&[("x-picture-bin", &[0; 20_000])]);
    assert_eq!(code, Code::ResourceExhausted);
    assert!(
        message.contains("the longest is \"x-picture-bin\" with 20013"),
        "{message}"
    );
}

#[test]
fn a_request_over_the_limits_is_not_written() {
    let mut metadata = Metadata::new();
    for _ in 0..65 {
        metadata
            .append("x", MetadataValue::from_static("y"))
            .unwrap();
    }
    let head = RequestHead {
        metadata,
        ..RequestHead::default()
    };
    let status = encode_request(&head, &HeaderLimits::default()).unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(
        status.message(),
        "the request can't be sent: 65 headers are over the limit of 64"
    );
}

#[test]
fn a_reply_without_an_id_is_not_asked_for() {
    let head = RequestHead {
        reply: Some(address()),
        ..RequestHead::default()
    };
    let status = encode_request(&head, &HeaderLimits::default()).unwrap_err();
    assert!(
        status
            .message()
            .contains("`kafka_correlationId` is missing"),
        "{status}"
    );
}

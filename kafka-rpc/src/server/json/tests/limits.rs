use prost_types::Any;

use super::*;
use crate::call::Code;

#[test]
fn json_is_read_to_a_depth_and_no_further() {
    const POINT: &str = r#"{"@type":"x/shapes.v1.Point"}"#;
    for (field, open, middle, close, most) in [
        ("inner", r#"{"inner":"#, "{}", "}", 125),
        ("children", r#"[{"children":"#, "[]", "}]", 62),
        ("byName", r#"{"a":{"byName":"#, "{}", "}}", 62),
        ("value", "[", "1", "]", 50),
        ("value", r#"{"a":"#, "1", "}", 50),
        (
            "any",
            r#"{"@type":"x/google.protobuf.Any","value":"#,
            POINT,
            "}",
            125,
        ),
        (
            "any",
            r#"{"value":"#,
            POINT,
            r#","@type":"x/google.protobuf.Any"}"#,
            125,
        ),
    ] {
        let decode = |levels: usize| {
            let json = [&open.repeat(levels), middle, &close.repeat(levels)].concat();
            CODEC.decode(echo(), format!("{{{field:?}:{json}}}").as_bytes())
        };
        decode(most).unwrap_or_else(|status| panic!("{open}: {status}"));
        for levels in [most + 1, 100_000 / open.len()] {
            let status = decode(levels).expect_err(open);
            assert_eq!(status.code(), Code::InvalidArgument);
            assert!(status.message().contains("recursion limit "), "{status}");
        }
    }
}

#[test]
fn what_is_written_is_not_nested_deeper_than_can_be_read() {
    // A shape in a list is two levels, and protobuf may have a hundred of them.
    let shape = |levels: usize| {
        (0..levels).fold(Vec::new(), |inner, _| {
            let mut outer = vec![0xc2, 0x01];
            prost::encoding::encode_varint(inner.len() as u64, &mut outer);
            outer.extend(inner);
            outer
        })
    };
    let json = CODEC.encode(echo(), &shape(63)).unwrap();
    assert_eq!(CODEC.decode(echo(), &json).unwrap(), shape(63));

    let status = CODEC.encode(echo(), &shape(64)).unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert!(
        status
            .message()
            .ends_with("it is nested deeper than 127 levels"),
        "{status}"
    );
}

#[test]
fn messages_in_messages_do_not_overflow_the_stack() {
    let bottom = Any {
        type_url: "x/shapes.v1.Point".into(),
        value: Vec::new(),
    };
    let deep = (0..20_000).fold(bottom, |inner, _| Any {
        type_url: "x/google.protobuf.Any".into(),
        value: inner.encode_to_vec(),
    });
    let mut reply = vec![0x82, 0x02];
    deep.encode_length_delimited(&mut reply).unwrap();
    let status = CODEC.encode(echo(), &reply).unwrap_err();
    assert!(
        status
            .message()
            .ends_with("it is nested deeper than 127 levels"),
        "{status}"
    );
}

#[test]
fn a_reply_over_the_limit_is_resource_exhausted() {
    let codec = JsonCodec::new([&*SHAPES].into_iter(), 100).unwrap();
    let text = |length: usize| {
        let mut reply = vec![0x72];
        prost::encoding::encode_varint(length as u64, &mut reply);
        reply.resize(reply.len() + length, b'x');
        reply
    };
    let fits = 100 - r#"{"text":""}"#.len();
    assert_eq!(codec.encode(echo(), &text(fits)).unwrap().len(), 100);
    let status = codec.encode(echo(), &text(fits + 1)).unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(
        status.message(),
        "the reply in JSON is over the limit of 100 bytes"
    );
}

#[test]
fn a_reply_that_grows_in_json_is_cut_off_on_the_way() {
    // A million enum values of a byte each would be 19 MB.
    let mut reply = vec![0xca, 0x01];
    prost::encoding::encode_varint(1_000_000, &mut reply);
    reply.resize(reply.len() + 1_000_000, 0);
    let status = CODEC.encode(echo(), &reply).unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
}

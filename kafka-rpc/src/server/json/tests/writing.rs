use prost_reflect::Value;
use prost_types::{Any, Duration, FieldMask, Timestamp};

use super::*;
use crate::call::Code;

fn shape() -> DynamicMessage {
    read("{}").expect("the empty message")
}

/// A shape with one field, of a message that `prost_types` knows.
fn with(field: &str, message: &impl Message) -> DynamicMessage {
    let mut shape = shape();
    set(&mut shape, field, message);
    shape
}

fn set(shape: &mut DynamicMessage, field: &str, message: &impl Message) {
    let value = shape.get_field_by_name_mut(field).expect("a field");
    let nested = value.as_message_mut().expect("a message");
    nested.transcode_from(message).expect("the same message");
}

#[track_caller]
fn refused(shape: &DynamicMessage) -> String {
    let status = written(shape).unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    let message = status.message();
    let why = message.strip_prefix("the reply shapes.v1.Shape can't be written in JSON: ");
    why.unwrap_or_else(|| panic!("{message}")).to_owned()
}

#[test]
fn fields_at_their_defaults_are_left_out() {
    assert_eq!(
        rewritten(
            r#"{"int32Number":0,"text":"","color":"COLOR_UNSPECIFIED","numbers":[],"byName":{},"raw":""}"#
        ),
        "{}"
    );
}

#[test]
fn fields_that_know_whether_they_are_set_are_written_once_they_are() {
    let json = r#"{"maybeNumber":0,"point":{},"word":"","doubleValue":0.0,"stringValue":""}"#;
    assert_eq!(rewritten(json), json);
}

#[test]
fn names_are_in_camel_case_and_enum_values_by_name() {
    let json = r#"{"color":"COLOR_INFRARED","colors":["COLOR_RED","COLOR_UNSPECIFIED",7],"byFlag":{"false":"COLOR_RED","true":7}}"#;
    assert_eq!(rewritten(json), json);
    assert_eq!(
        rewritten(r#"{"color":-2}"#),
        r#"{"color":"COLOR_INFRARED"}"#
    );
}

#[test]
fn maps_are_in_the_order_of_their_keys() {
    assert_eq!(
        rewritten(
            r#"{"byNumber":{"10":"c","-1":"a","2":"b"},"byName":{"b":{},"a":{"flag":true}}}"#
        ),
        r#"{"byName":{"a":{"flag":true},"b":{}},"byNumber":{"-1":"a","2":"b","10":"c"}}"#
    );
}

#[test]
fn text_is_escaped() {
    let json = r#"{"text":"\"\\\n\u0001é😀","byName":{"\"":{}}}"#;
    assert_eq!(rewritten(json), json);
}

#[test]
fn floats_are_as_short_as_they_can_be_and_stay_in_range() {
    let json = r#"{"doubleNumber":0.1,"floatNumber":0.1}"#;
    assert_eq!(rewritten(json), json);
    for number in [f32::MAX, f32::MIN, f32::MIN_POSITIVE, f32::from_bits(1)] {
        let mut shape = shape();
        shape.set_field_by_name("float_number", Value::F32(number));
        assert_eq!(read(&written(&shape).unwrap()).unwrap(), shape, "{number}");
    }
}

#[test]
fn numbers_that_are_not_finite_are_words_also_in_wrappers() {
    for (number, word) in [
        (f64::NAN, "NaN"),
        (f64::INFINITY, "Infinity"),
        (f64::NEG_INFINITY, "-Infinity"),
    ] {
        let mut shape = with("double_value", &number);
        set(&mut shape, "float_value", &(number as f32));
        shape.set_field_by_name("double_number", Value::F64(number));
        shape.set_field_by_name("float_number", Value::F32(number as f32));
        let json = format!(
            r#"{{"doubleNumber":"{word}","floatNumber":"{word}","doubleValue":"{word}","floatValue":"{word}"}}"#
        );
        assert_eq!(written(&shape).unwrap(), json);
        assert_eq!(rewritten(&json), json);
    }
}

#[test]
fn well_known_messages_have_their_own_forms() {
    let json = concat!(
        r#"{"timestamp":"2024-02-29T23:59:59.500Z","duration":"-1.000000001s","mask":"name,pointX.y","#,
        r#""struct":{"a":[1.0,null,{"b":true}],"c":"d"},"value":[],"list":["x",{}],"empty":{},"#,
        r#""int64Value":"-1","uint64Value":"1","boolValue":false,"bytesValue":"AA==","values":[null,1.5,"x"]}"#
    );
    assert_eq!(rewritten(json), json);
}

#[test]
fn an_any_is_written_with_its_type() {
    let json = concat!(
        r#"{"anys":[{"@type":"type.test/shapes.v1.Point","x":1},"#,
        r#"{"@type":"type.test/google.protobuf.Duration","value":"1s"},"#,
        r#"{"@type":"type.test/google.protobuf.Empty","value":{}},"#,
        r#"{"@type":"type.test/google.protobuf.Any","value":{"@type":"type.test/shapes.v1.Point"}}]}"#
    );
    assert_eq!(rewritten(json), json);
    assert_eq!(
        written(&with("any", &Any::default())).unwrap(),
        r#"{"any":{}}"#
    );
}

#[test]
fn fields_that_are_not_known_are_left_out() {
    let mut protobuf = b"\x18\x01".to_vec();
    protobuf.extend_from_slice(b"\xa2\x7d\x01x");
    assert_eq!(
        CODEC.encode(echo(), &protobuf).unwrap(),
        r#"{"int32Number":1}"#
    );
}

#[test]
fn what_has_no_json_is_an_internal_error_that_says_why() {
    for seconds in [-62_135_596_801, 253_402_300_800] {
        let timestamp = Timestamp { seconds, nanos: 0 };
        assert!(refused(&with("timestamp", &timestamp)).ends_with(" is out of range"));
    }
    let duration = |seconds, nanos| with("duration", &Duration { seconds, nanos });
    for duration in [
        duration(315_576_000_001, 0),
        duration(0, 1_000_000_000),
        duration(1, -1),
    ] {
        assert!(refused(&duration).ends_with(" is out of range"));
    }
    assert_eq!(
        refused(&with(
            "timestamp",
            &Timestamp {
                seconds: 0,
                nanos: -1
            }
        )),
        "its Timestamp { seconds: 0, nanos: -1 } is out of range"
    );
    for path in ["fooBar", "foo_1", "foo__bar", "foo_", "a,b"] {
        let paths = vec![path.to_owned()];
        assert_eq!(
            refused(&with("mask", &FieldMask { paths })),
            format!(
                "its google.protobuf.FieldMask has a path that is not in lower case with underscores: [{path:?}]"
            )
        );
    }
    assert_eq!(
        refused(&with("value", &prost_types::Value { kind: None })),
        "its google.protobuf.Value is of no kind"
    );
    assert_eq!(
        refused(&with("value", &prost_types::Value::from(f64::NAN))),
        "its google.protobuf.Value is NaN, which is no JSON number"
    );
}

#[test]
fn an_any_that_can_t_be_read_is_an_internal_error_that_says_why() {
    let any = |type_url: &str, value: &[u8]| {
        let (type_url, value) = (type_url.to_owned(), value.to_owned());
        with("any", &Any { type_url, value })
    };
    for type_url in ["x/no.Such", "shapes.v1.Point", ""] {
        assert_eq!(
            refused(&any(type_url, b"\x08\x01")),
            format!(
                "its google.protobuf.Any is a {type_url:?}, which is none of the messages that the service was compiled with"
            )
        );
    }
    assert!(
        refused(&any("x/shapes.v1.Point", b"\xff"))
            .starts_with("failed to decode Protobuf message")
    );
}

#[test]
fn a_reply_that_is_not_the_message_is_an_internal_error() {
    let status = CODEC.encode(echo(), b"\xff").unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert!(
        status
            .message()
            .starts_with("the reply is not a valid shapes.v1.Shape: "),
        "{status}"
    );
}

use proptest::prelude::*;

use super::*;
use crate::call::Code;

#[track_caller]
fn refused(json: &str) -> String {
    let status = CODEC.decode(echo(), json.as_bytes()).expect_err(json);
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    let message = status.message();
    let why = message.strip_prefix("the request is not a valid shapes.v1.Shape in JSON: ");
    why.unwrap_or_else(|| panic!("{message}")).to_owned()
}

#[test]
fn names_are_read_in_camel_case_and_as_in_the_proto() {
    assert_eq!(rewritten(r#"{"int32Number":1}"#), r#"{"int32Number":1}"#);
    assert_eq!(rewritten(r#"{"int32_number":1}"#), r#"{"int32Number":1}"#);
    assert_eq!(
        rewritten(r#"{"as it likes":"x"}"#),
        r#"{"as it likes":"x"}"#
    );
    assert_eq!(rewritten(r#"{"renamed":"x"}"#), r#"{"as it likes":"x"}"#);
}

#[test]
fn numbers_are_read_from_numbers_and_from_strings() {
    for json in [
        r#"{"int64Number":"-9007199254740993","fixed64Number":"18446744073709551615"}"#,
        r#"{"int64Number":-9007199254740993,"fixed64Number":18446744073709551615}"#,
    ] {
        assert_eq!(
            rewritten(json),
            r#"{"int64Number":"-9007199254740993","fixed64Number":"18446744073709551615"}"#
        );
    }
    assert_eq!(rewritten(r#"{"int32Number":"7"}"#), r#"{"int32Number":7}"#);
    assert_eq!(
        rewritten(r#"{"int32Number":1e2}"#),
        r#"{"int32Number":100}"#
    );
}

#[test]
fn bytes_are_read_from_both_alphabets_with_and_without_padding() {
    for json in [r#"{"raw":"+/8="}"#, r#"{"raw":"-_8="}"#, r#"{"raw":"-_8"}"#] {
        assert_eq!(rewritten(json), r#"{"raw":"+/8="}"#);
    }
}

#[test]
fn null_leaves_a_field_unset_where_null_is_no_value() {
    assert_eq!(
        rewritten(
            r#"{"text":null,"maybeNumber":null,"point":null,"numbers":null,"stringValue":null}"#
        ),
        "{}"
    );
    assert_eq!(
        rewritten(r#"{"nothing":null,"value":null}"#),
        r#"{"nothing":null,"value":null}"#
    );
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (json, why) in [
        ("", "EOF while parsing a value at line 1 column 0"),
        (
            "[]",
            "invalid type: sequence, expected a map at line 1 column 0",
        ),
        (
            "null",
            "invalid type: null, expected a map at line 1 column 4",
        ),
        (
            "{\n \"size\": 3}",
            "unrecognized field name 'size' at line 2 column 7",
        ),
        (
            "{\"text\": \"a\n\"}",
            "control character (\\u0000-\\u001F) found while parsing a string at line 2 column 0",
        ),
        ("{} {}", "trailing characters at line 1 column 4"),
        (
            r#"{"color":"COLOR_PUCE"}"#,
            "unrecognized enum value 'COLOR_PUCE' at line 1 column 21",
        ),
        (
            r#"{"int32Number":2147483648}"#,
            "out of range integral type conversion attempted at line 1 column 25",
        ),
        (
            r#"{"uint32Number":-1}"#,
            "out of range integral type conversion attempted at line 1 column 18",
        ),
        (
            r#"{"int32Number":1.5}"#,
            "expected integer value at line 1 column 18",
        ),
        (
            r#"{"flag":"true"}"#,
            "invalid type: string \"true\", expected a boolean at line 1 column 14",
        ),
        (
            r#"{"word":"a","inner":{}}"#,
            "multiple fields provided for oneof 'choice' at line 1 column 23",
        ),
        (
            r#"{"raw":"*"}"#,
            "invalid base64: Invalid symbol 42, offset 0. at line 1 column 10",
        ),
        (
            r#"{"timestamp":"yesterday"}"#,
            "invalid rfc3339 timestamp: invalid date at line 1 column 24",
        ),
        (
            r#"{"any":{"@type":"x.test/no.Such"}}"#,
            "message 'no.Such' not found at line 1 column 33",
        ),
    ] {
        assert_eq!(refused(json), why, "{json}");
    }
}

#[test]
fn what_is_not_utf8_is_refused() {
    let status = CODEC.decode(echo(), b"{\"text\":\"\xff\"}").unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(
        status
            .message()
            .ends_with("invalid unicode code point at line 1 column 10"),
        "{status}"
    );
}

#[test]
fn a_long_error_keeps_its_start_and_its_place() {
    let why = refused(&format!("{{\"{}\":1}}", "ä".repeat(100_000)));
    assert!(why.starts_with("unrecognized field name 'äää"), "{why}");
    assert!(why.ends_with("äää' at line 1 column 200003"), "{why}");
    assert_eq!(why.chars().count(), 261);
}

#[test]
fn old_syntax_is_read_with_its_groups_and_extensions() {
    let json = br#"{"id":0,"entry":[{"amount":"5"}],"[legacy.v1.note]":"late"}"#;
    let echo = method(&LEGACY, "Echo");
    let protobuf = CODEC.decode(echo, json).unwrap();
    assert_eq!(protobuf, &b"\x08\x00\x1b\x20\x05\x1c\xa2\x06\x04late"[..]);
    assert_eq!(CODEC.encode(echo, &protobuf).unwrap(), &json[..]);
}

/// JSON of the right names, with values of all sorts.
fn near_miss() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<i128>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| format!("{number:?}")),
        "\"[-+:.0-9TZsaeINn/_*@]{0,30}\"",
        "\"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,10})?(Z|[-+][0-9]{2}:[0-9]{2})\"",
        "\"-?[0-9]{1,20}(\\.[0-9]{0,10})?s\"",
        "\"x/(google.protobuf.(Any|Value|Empty|Duration)|shapes.v1.Shape)\"",
    ];
    let fields: Vec<String> = SHAPE
        .fields()
        .map(|field| field.json_name().to_owned())
        .chain(["@type", "value", "1", "true"].map(str::to_owned))
        .collect();
    leaf.prop_recursive(4, 30, 4, move |inner| {
        let entry = (prop::sample::select(fields.clone()), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|values| format!("[{}]", values.join(","))),
            prop::collection::vec(entry, 0..4).prop_map(|entries| {
                let entries: Vec<_> = (entries.iter())
                    .map(|(key, value)| format!("{key:?}:{value}"))
                    .collect();
                format!("{{{}}}", entries.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_input_is_read_or_refused(bytes: Vec<u8>) {
        let _ = CODEC.decode(echo(), &bytes);
    }

    #[test]
    fn any_json_is_read_as_what_can_be_written_or_refused(json in near_miss()) {
        let field = json.strip_prefix('{').map_or_else(|| format!("{{\"value\":{json}}}"), |_| json.clone());
        match CODEC.decode(echo(), field.as_bytes()) {
            Ok(protobuf) => {
                CODEC.encode(echo(), &protobuf).unwrap();
            }
            Err(status) => prop_assert_eq!(status.code(), Code::InvalidArgument),
        }
    }
}

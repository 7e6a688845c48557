use expect_test::{Expect, expect};

use crate::folder::error_of;

/// The error for one method, whose request has an `id`.
fn check(signature: &str, option: &str, expected: Expect) {
    let proto = format!(
        "syntax = \"proto3\";
package shop.v1;
import \"kafka_rpc/options.proto\";
message Word {{ string id = 1; }}
service Words {{
  rpc {signature} {{
    option (kafka_rpc.method){option};
  }}
}}
"
    );
    expected.assert_eq(&error_of(&proto));
}

#[test]
fn a_stream_of_requests_has_no_key() {
    check(
        "Count(stream Word) returns (Word)",
        " = { key: \"id\" }",
        expect![[r#"
            a stream has no one message to take a key from
             --> shop.proto:7:40
              |
            7 |     option (kafka_rpc.method) = { key: "id" };
              |                                        ^^^^
              = help: set the key with `Request::set_key`"#]],
    );
    check(
        "Chat(stream Word) returns (stream Word)",
        ".key = \"id\"",
        expect![[r#"
            a stream has no one message to take a key from
             --> shop.proto:7:37
              |
            7 |     option (kafka_rpc.method).key = "id";
              |                                     ^^^^
              = help: set the key with `Request::set_key`"#]],
    );
}

#[test]
fn only_a_reply_that_is_a_stream_can_be_resumed() {
    check(
        "Say(Word) returns (Word)",
        ".resumable = true",
        expect![[r#"
            `resumable` is for methods whose reply alone is a stream, and `shop.v1.Words.Say` is one whose reply is no stream
             --> shop.proto:7:43
              |
            7 |     option (kafka_rpc.method).resumable = true;
              |                                           ^^^^
              = help: leave it out here"#]],
    );
    check(
        "Count(stream Word) returns (Word)",
        " = { resumable: true }",
        expect![[r#"
            `resumable` is for methods whose reply alone is a stream, and `shop.v1.Words.Count` is one whose request is a stream
             --> shop.proto:7:46
              |
            7 |     option (kafka_rpc.method) = { resumable: true };
              |                                              ^^^^
              = help: leave it out here"#]],
    );
}

#[test]
fn a_stream_of_requests_can_not_be_sent_again() {
    check(
        "Chat(stream Word) returns (stream Word)",
        " = { delivery: AT_MOST_ONCE resumable: true }",
        expect![[r#"
            `resumable` is for methods whose reply alone is a stream, and `shop.v1.Words.Chat` is one whose request is a stream
             --> shop.proto:7:69
              |
            7 |     option (kafka_rpc.method) = { delivery: AT_MOST_ONCE resumable: true };
              |                                                                     ^^^^
              = help: leave it out here"#]],
    );
}

#[test]
fn what_is_not_resumable_may_say_so() {
    check(
        "Say(Word) returns (Word)",
        ".resumable = false",
        expect![["no error"]],
    );
}

#[test]
fn a_reply_that_is_a_stream_may_have_a_key_and_be_resumable() {
    check(
        "Watch(Word) returns (stream Word)",
        " = { key: \"id\" resumable: true }",
        expect![["no error"]],
    );
}

use expect_test::{Expect, expect};

use crate::folder::error_of;

/// The error for one method, with options of its service before it.
fn check(before: &str, signature: &str, option: &str, expected: Expect) {
    let proto = format!(
        "syntax = \"proto3\";
package shop.v1;
import \"kafka_rpc/options.proto\";
message Word {{ string id = 1; }}
service Words {{{before}
  rpc {signature} {{
    option (kafka_rpc.method){option};
  }}
}}
"
    );
    expected.assert_eq(&error_of(&proto));
}

const UNARY: &str = "Say(Word) returns (Word)";
const PER_SERVICE: &str = " option (kafka_rpc.service).topics = PER_SERVICE;";

#[test]
fn a_call_to_all_instances_has_no_streams() {
    let before = "
  rpc Count(stream Word) returns (Word) { option (kafka_rpc.method).routing = ALL; }
  rpc Watch(Word) returns (stream Word) { option (kafka_rpc.method).routing = ALL; }";
    let chat = "Chat(stream Word) returns (stream Word)";
    check(
        before,
        chat,
        ".routing = ALL",
        expect![[r#"
        a call that goes to all instances has one message each way
         --> shop.proto:6:79
          |
        6 |   rpc Count(stream Word) returns (Word) { option (kafka_rpc.method).routing = ALL; }
          |                                                                               ^^^
          = help: leave `routing` out of a method with a stream

        error: a call that goes to all instances has one message each way
         --> shop.proto:7:79
          |
        7 |   rpc Watch(Word) returns (stream Word) { option (kafka_rpc.method).routing = ALL; }
          |                                                                               ^^^
          = help: leave `routing` out of a method with a stream

        error: a call that goes to all instances has one message each way
         --> shop.proto:9:41
          |
        9 |     option (kafka_rpc.method).routing = ALL;
          |                                         ^^^
          = help: leave `routing` out of a method with a stream"#]],
    );
    let watch = "Watch(Word) returns (stream Word)";
    check(
        "",
        watch,
        " = { resumable: true routing: ALL }",
        expect![[r#"
            a call that goes to all instances has one message each way
             --> shop.proto:7:60
              |
            7 |     option (kafka_rpc.method) = { resumable: true routing: ALL };
              |                                                            ^^^
              = help: leave `routing` out of a method with a stream"#]],
    );
}

#[test]
fn a_call_to_all_instances_can_not_be_resumed() {
    check(
        "",
        UNARY,
        " = { routing: ALL resumable: true }",
        expect![[r#"
            `resumable` is for methods whose reply alone is a stream, and `shop.v1.Words.Say` is one whose reply is no stream
             --> shop.proto:7:59
              |
            7 |     option (kafka_rpc.method) = { routing: ALL resumable: true };
              |                                                           ^^^^
              = help: leave it out here"#]],
    );
}

#[test]
fn a_call_to_all_instances_has_no_delivery() {
    check(
        "",
        UNARY,
        " = { routing: ALL delivery: AT_MOST_ONCE }",
        expect![[r#"
            a call that goes to all instances is never handled again
             --> shop.proto:7:58
              |
            7 |     option (kafka_rpc.method) = { routing: ALL delivery: AT_MOST_ONCE };
              |                                                          ^^^^^^^^^^^^
              = help: leave `delivery` out"#]],
    );
    check(
        "",
        UNARY,
        " = { delivery: AT_LEAST_ONCE routing: ALL }",
        expect![[r#"
            a call that goes to all instances is never handled again
             --> shop.proto:7:45
              |
            7 |     option (kafka_rpc.method) = { delivery: AT_LEAST_ONCE routing: ALL };
              |                                             ^^^^^^^^^^^^^
              = help: leave `delivery` out"#]],
    );
}

#[test]
fn an_unknown_routing_finds_its_neighbour() {
    check(
        "",
        UNARY,
        " = { routing: AL }",
        expect![[r#"
        value `AL` was not found for enum `kafka_rpc.Routing`
         --> shop.proto:7:44
          |
        7 |     option (kafka_rpc.method) = { routing: AL };
          |                                            ^^
          = help: did you mean `ALL`?"#]],
    );
}

#[test]
fn a_call_to_one_instance_may_have_all_that_it_could_have_without_saying_so() {
    check(
        "",
        "Watch(Word) returns (stream Word)",
        " = { routing: ONE delivery: AT_MOST_ONCE resumable: true }",
        expect![["no error"]],
    );
}

#[test]
fn a_call_to_all_instances_may_have_a_key_and_a_topic() {
    let option = " = { routing: ALL key: \"id\" topic: \"words.say\" }";
    check("", UNARY, option, expect![["no error"]]);
}

#[test]
fn a_call_to_all_instances_has_a_topic_of_its_own_in_a_service_with_one() {
    let option = " = { routing: ALL topic: \"words.say\" }";
    check(PER_SERVICE, UNARY, option, expect![["no error"]]);
    // A method that does not is told so.
    let option = " = { routing: ONE topic: \"words.say\" }";
    check(
        PER_SERVICE,
        UNARY,
        option,
        expect![[r#"
        `topic` is set for shop.v1.Words.Say, whose service has one topic for all methods (PER_SERVICE)
         --> shop.proto:7:56
          |
        7 |     option (kafka_rpc.method) = { routing: ONE topic: "words.say" };
          |                                                        ^^^^^^^^^
          = help: set the `topic` of the service instead, or leave out `topics: PER_SERVICE`"#]],
    );
}

#[test]
fn the_topic_of_a_call_to_all_instances_is_not_that_of_the_service() {
    let option = " = { routing: ALL topic: \"shop.v1.Words\" }";
    check(
        PER_SERVICE,
        UNARY,
        option,
        expect![[r#"
        the topic `shop.v1.Words` of shop.v1.Words.Say is one of shop.v1.Words too
         --> shop.proto:7:56
          |
        7 |     option (kafka_rpc.method) = { routing: ALL topic: "shop.v1.Words" };
          |                                                        ^^^^^^^^^^^^^
          = help: give each a topic of its own"#]],
    );
    // The topic for the replies of the service.
    let reply = "reply(Word) returns (Word)";
    check(
        PER_SERVICE,
        reply,
        ".routing = ALL",
        expect![[r#"
        the topic `shop.v1.Words.reply` of shop.v1.Words.reply is one of shop.v1.Words too
         --> shop.proto:6:7
          |
        6 |   rpc reply(Word) returns (Word) {
          |       ^^^^^
          = help: give each a topic of its own"#]],
    );
}

#[test]
fn methods_that_go_to_all_instances_are_not_told_to_share_a_topic() {
    let before = "
  rpc Hear(Word) returns (Word) { option (kafka_rpc.method).topic = \"words\"; }";
    check(
        before,
        UNARY,
        " = { routing: ALL topic: \"words\" }",
        expect![[r#"
            the topic `words` of shop.v1.Words.Say is one of shop.v1.Words.Hear too
             --> shop.proto:8:56
              |
            8 |     option (kafka_rpc.method) = { routing: ALL topic: "words" };
              |                                                        ^^^^^
              = help: give each a topic of its own"#]],
    );
}

#[test]
fn the_derived_topic_of_a_call_to_all_instances_fits_into_kafkas_limit() {
    let long = format!("{}(Word) returns (Word)", "Say".repeat(80));
    check(PER_SERVICE, &long, ".routing = ONE", expect![["no error"]]);
    check(
        PER_SERVICE,
        &long,
        ".routing = ALL",
        expect![[r#"
        the topics of shop.v1.Words.SaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySay would have names of up to 266 characters (`shop.v1.Words.SaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySay.dead-letter`), and Kafka takes 249
         --> shop.proto:6:7
          |
        6 |   rpc SaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySaySay(Word) returns (Word) {
          |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          = help: set a shorter `topic`"#]],
    );
}

use expect_test::{Expect, expect};

use crate::folder::error_of;

/// The error for one method.
fn check(signature: &str, options: &str, expected: Expect) {
    let proto = format!(
        "syntax = \"proto3\";
package shop.v1;
import \"kafka_rpc/options.proto\";
message Word {{ string id = 1; }}
service Words {{
  rpc {signature} {{
    {options}
  }}
}}
"
    );
    expected.assert_eq(&error_of(&proto));
}

const UNARY: &str = "Say(Word) returns (Word)";

/// The error for a policy of a method that may have any.
fn check_policy(policy: &str, expected: Expect) {
    let options = format!(
        "option idempotency_level = NO_SIDE_EFFECTS;
    option (kafka_rpc.method){policy};"
    );
    check(UNARY, &options, expected);
}

#[test]
fn policies_may_be_written_in_each_form() {
    for policy in [
        " = { retry: {} }",
        ".retry = {}",
        ".retry = { attempts: 10 jitter: 0 multiplier: 1 codes: [UNAVAILABLE, ABORTED] }",
        ".retry.attempts = 2",
        " = { topic: \"words\" hedging: { attempts: 3 delay_ms: 0 codes: INTERNAL } }",
        ".hedging.delay_ms = 20",
    ] {
        check_policy(policy, expect!["no error"]);
    }
}

#[test]
fn the_number_of_attempts_has_bounds() {
    check_policy(
        " = { retry: { attempts: 1 } }",
        expect![[r#"
        `attempts` is 1: with the first one among them, it is 2 to 10
         --> shop.proto:8:54
          |
        8 |     option (kafka_rpc.method) = { retry: { attempts: 1 } };
          |                                                      ^"#]],
    );
    check_policy(
        ".retry = { initial_backoff_ms: 1 attempts: 11 }",
        expect![[r#"
            `attempts` is 11: with the first one among them, it is 2 to 10
             --> shop.proto:8:73
              |
            8 |     option (kafka_rpc.method).retry = { initial_backoff_ms: 1 attempts: 11 };
              |                                                                         ^^"#]],
    );
    check_policy(
        ".hedging.attempts = 0",
        expect![[r#"
        `attempts` is 0: with the first one among them, it is 2 to 10
         --> shop.proto:8:50
          |
        8 |     option (kafka_rpc.method).hedging.attempts = 0;
          |                                                  ^"#]],
    );
    check_policy(
        " = { key: \"attempts\" retry: {} }",
        expect![[r#"
        key field `attempts` is not in shop.v1.Word
         --> shop.proto:8:41
          |
        8 |     option (kafka_rpc.method) = { key: "attempts" retry: {} };
          |                                         ^^^^^^^^"#]],
    );
}

#[test]
fn parts_of_a_policy_have_bounds() {
    check_policy(
        " = { retry: { multiplier: 0.5 } }",
        expect![[r#"
        `multiplier` is 0.5: it is at least 1
         --> shop.proto:8:56
          |
        8 |     option (kafka_rpc.method) = { retry: { multiplier: 0.5 } };
          |                                                        ^"#]],
    );
    check_policy(
        " = { retry: { jitter: 1.5 } }",
        expect![[r#"
        `jitter` is 1.5: it is a part, from 0 to 1
         --> shop.proto:8:52
          |
        8 |     option (kafka_rpc.method) = { retry: { jitter: 1.5 } };
          |                                                    ^"#]],
    );
    check_policy(
        ".retry.jitter = -0.1",
        expect![[r#"
        `jitter` is -0.1: it is a part, from 0 to 1
         --> shop.proto:8:46
          |
        8 |     option (kafka_rpc.method).retry.jitter = -0.1;
          |                                              ^"#]],
    );
    check_policy(
        ".retry.multiplier = nan",
        expect![[r#"
        expected a value of type `double` for option `(kafka_rpc.method).retry.multiplier`, but found `nan`
         --> shop.proto:8:50
          |
        8 |     option (kafka_rpc.method).retry.multiplier = nan;
          |                                                  ^^^"#]],
    );
}

#[test]
fn the_codes_of_a_policy_are_those_of_failures() {
    check_policy(
        " = { retry: { codes: [UNAVAILABLE, OK] } }",
        expect![[r#"
        `codes` has OK, which is no failure
         --> shop.proto:8:65
          |
        8 |     option (kafka_rpc.method) = { retry: { codes: [UNAVAILABLE, OK] } };
          |                                                                 ^^"#]],
    );
    check_policy(
        " = { hedging: { codes: UNAVALABLE } }",
        expect![[r#"
        value `UNAVALABLE` was not found for enum `kafka_rpc.Code`
         --> shop.proto:8:53
          |
        8 |     option (kafka_rpc.method) = { hedging: { codes: UNAVALABLE } };
          |                                                     ^^^^^^^^^^
          = help: did you mean `UNAVAILABLE`?"#]],
    );
}

#[test]
fn calls_with_streams_or_to_all_instances_are_not_repeated() {
    let option = "option (kafka_rpc.method) = { retry: { attempts: 3 } };";
    check(
        "Count(stream Word) returns (Word)",
        option,
        expect![[r#"
        calls of `shop.v1.Words.Count` can't be repeated, since it has a stream
         --> shop.proto:7:42
          |
        7 |     option (kafka_rpc.method) = { retry: { attempts: 3 } };
          |                                          ^
          = help: leave `retry` out"#]],
    );
    check(
        "Watch(Word) returns (stream Word)",
        option,
        expect![[r#"
        calls of `shop.v1.Words.Watch` can't be repeated, since it has a stream
         --> shop.proto:7:42
          |
        7 |     option (kafka_rpc.method) = { retry: { attempts: 3 } };
          |                                          ^
          = help: leave `retry` out"#]],
    );
    let option = "option (kafka_rpc.method) = { routing: ALL retry: {} };";
    check(
        UNARY,
        option,
        expect![[r#"
        calls of `shop.v1.Words.Say` can't be repeated, since it goes to all instances
         --> shop.proto:7:55
          |
        7 |     option (kafka_rpc.method) = { routing: ALL retry: {} };
          |                                                       ^
          = help: leave `retry` out"#]],
    );
}

#[test]
fn only_calls_without_side_effects_are_hedged() {
    let hedging = "option (kafka_rpc.method).hedging = {};";
    check(
        UNARY,
        hedging,
        expect![[r#"
        calls of `shop.v1.Words.Say` can't be hedged, since it may have side effects: all attempts at a call may take effect
         --> shop.proto:7:41
          |
        7 |     option (kafka_rpc.method).hedging = {};
          |                                         ^
          = help: set `option idempotency_level = NO_SIDE_EFFECTS;` if that is so, or leave `hedging` out"#]],
    );
    let idempotent = format!("option idempotency_level = IDEMPOTENT;\n    {hedging}");
    check(
        UNARY,
        &idempotent,
        expect![[r#"
        calls of `shop.v1.Words.Say` can't be hedged, since it may have side effects: all attempts at a call may take effect
         --> shop.proto:8:41
          |
        8 |     option (kafka_rpc.method).hedging = {};
          |                                         ^
          = help: set `option idempotency_level = NO_SIDE_EFFECTS;` if that is so, or leave `hedging` out"#]],
    );
}

#[test]
fn calls_with_a_key_are_not_hedged() {
    check_policy(
        " = { key: \"id\" hedging: {} }",
        expect![[r#"
        calls of `shop.v1.Words.Say` can't be hedged, since it has a key: calls with one key are handled one at a time, so that a second attempt would wait for the first
         --> shop.proto:8:54
          |
        8 |     option (kafka_rpc.method) = { key: "id" hedging: {} };
          |                                                      ^
          = help: leave `hedging` or `key` out"#]],
    );
}

#[test]
fn calls_are_retried_or_hedged() {
    check_policy(
        " = { hedging: {} retry: {} }",
        expect![[r#"
        calls of `shop.v1.Words.Say` can't be hedged, since it has `retry`, too: they are made one after the other, or several at a time
         --> shop.proto:8:44
          |
        8 |     option (kafka_rpc.method) = { hedging: {} retry: {} };
          |                                            ^
          = help: leave one of them out"#]],
    );
}

#[test]
fn an_unknown_part_of_a_policy_finds_its_neighbour() {
    check_policy(
        " = { retry: { atempts: 3 } }",
        expect![[r#"
        field `atempts` not found for message `kafka_rpc.Retry`
         --> shop.proto:8:44
          |
        8 |     option (kafka_rpc.method) = { retry: { atempts: 3 } };
          |                                            ^^^^^^^
          = help: did you mean `attempts`?"#]],
    );
}

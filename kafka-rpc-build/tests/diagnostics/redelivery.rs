use expect_test::{Expect, expect};

use crate::folder::error_of;

/// The error for one method.
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

const UNARY: &str = "Say(Word) returns (Word)";

#[test]
fn calls_that_can_not_be_handled_again_have_no_policy() {
    check(
        UNARY,
        " = { delivery: AT_MOST_ONCE redelivery: {} }",
        expect![[r#"
        calls of `shop.v1.Words.Say` can't be handled again, since it is AT_MOST_ONCE
         --> shop.proto:7:70
          |
        7 |     option (kafka_rpc.method) = { delivery: AT_MOST_ONCE redelivery: {} };
          |                                                                      ^
          = help: leave `redelivery` out"#]],
    );
    check(
        UNARY,
        " = { routing: ALL redelivery: {} }",
        expect![[r#"
        calls of `shop.v1.Words.Say` can't be handled again, since it goes to all instances
         --> shop.proto:7:60
          |
        7 |     option (kafka_rpc.method) = { routing: ALL redelivery: {} };
          |                                                            ^
          = help: leave `redelivery` out"#]],
    );
    check(
        "Watch(Word) returns (stream Word)",
        ".redelivery = { attempts: 2 }",
        expect![[r#"
        calls of `shop.v1.Words.Watch` can't be handled again, since it has a stream
         --> shop.proto:7:44
          |
        7 |     option (kafka_rpc.method).redelivery = { attempts: 2 };
          |                                            ^
          = help: leave `redelivery` out"#]],
    );
}

#[test]
fn a_policy_that_can_not_be_is_told() {
    check(
        UNARY,
        ".redelivery = { attempts: 0 }",
        expect![[r#"
            `attempts` is 0: with the first one among them, it is at least 1
             --> shop.proto:7:56
              |
            7 |     option (kafka_rpc.method).redelivery = { attempts: 0 };
              |                                                        ^"#]],
    );
    check(
        UNARY,
        ".redelivery.multiplier = 0.5",
        expect![[r#"
        `multiplier` is 0.5: it is at least 1
         --> shop.proto:7:55
          |
        7 |     option (kafka_rpc.method).redelivery.multiplier = 0.5;
          |                                                       ^"#]],
    );
    check(
        UNARY,
        " = { redelivery: { jitter: 1.5 } }",
        expect![[r#"
            `jitter` is 1.5: it is a part, from 0 to 1
             --> shop.proto:7:57
              |
            7 |     option (kafka_rpc.method) = { redelivery: { jitter: 1.5 } };
              |                                                         ^"#]],
    );
    check(
        UNARY,
        " = { redelivery: { codes: [ABORTED, OK] } }",
        expect![[r#"
            `codes` has OK, which is no failure
             --> shop.proto:7:66
              |
            7 |     option (kafka_rpc.method) = { redelivery: { codes: [ABORTED, OK] } };
              |                                                                  ^^"#]],
    );
}

#[test]
fn an_unknown_code_is_told_by_the_compiler() {
    check(
        UNARY,
        " = { redelivery: { codes: [BUSY] } }",
        expect![[r#"
        value `BUSY` was not found for enum `kafka_rpc.Code`
         --> shop.proto:7:57
          |
        7 |     option (kafka_rpc.method) = { redelivery: { codes: [BUSY] } };
          |                                                         ^^^^"#]],
    );
}

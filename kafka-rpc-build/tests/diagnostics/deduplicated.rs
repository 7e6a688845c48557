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
fn calls_that_can_not_be_deduplicated_say_why() {
    check(
        UNARY,
        " = { delivery: AT_MOST_ONCE deduplicated: true }",
        expect![[r#"
            calls of `shop.v1.Words.Say` can't be deduplicated, since it is AT_MOST_ONCE
             --> shop.proto:7:72
              |
            7 |     option (kafka_rpc.method) = { delivery: AT_MOST_ONCE deduplicated: true };
              |                                                                        ^^^^
              = help: leave `deduplicated` out"#]],
    );
    check(
        UNARY,
        " = { routing: ALL deduplicated: true }",
        expect![[r#"
        calls of `shop.v1.Words.Say` can't be deduplicated, since it goes to all instances
         --> shop.proto:7:62
          |
        7 |     option (kafka_rpc.method) = { routing: ALL deduplicated: true };
          |                                                              ^^^^
          = help: leave `deduplicated` out"#]],
    );
    check(
        UNARY,
        " = { deduplicated: true hedging: {} }",
        expect![[r#"
        calls of `shop.v1.Words.Say` can't be hedged, since it may have side effects: all attempts at a call may take effect
         --> shop.proto:7:63
          |
        7 |     option (kafka_rpc.method) = { deduplicated: true hedging: {} };
          |                                                               ^
          = help: set `option idempotency_level = NO_SIDE_EFFECTS;` if that is so, or leave `hedging` out

        error: calls of `shop.v1.Words.Say` can't be deduplicated, since it is hedged, and so has no side effects
         --> shop.proto:7:49
          |
        7 |     option (kafka_rpc.method) = { deduplicated: true hedging: {} };
          |                                                 ^^^^
          = help: leave `deduplicated` out"#]],
    );
    check(
        "Watch(Word) returns (stream Word)",
        ".deduplicated = true",
        expect![[r#"
            calls of `shop.v1.Words.Watch` can't be deduplicated, since it has a stream
             --> shop.proto:7:46
              |
            7 |     option (kafka_rpc.method).deduplicated = true;
              |                                              ^^^^
              = help: leave `deduplicated` out"#]],
    );
}

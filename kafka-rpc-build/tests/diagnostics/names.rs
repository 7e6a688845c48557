use expect_test::{Expect, expect};

use crate::folder::error_of;

fn check(inside: &str, expected: Expect) {
    let proto = format!("syntax = \"proto3\";\npackage shop.v1;\nmessage Request {{}}\n{inside}\n");
    expected.assert_eq(&error_of(&proto));
}

#[test]
fn two_methods_of_one_function_are_refused() {
    check(
        "service Orders {
  rpc GetOrder(Request) returns (Request);
  rpc get_order(Request) returns (Request);
}",
        expect![[r#"
            the methods `GetOrder` and `get_order` of shop.v1.Orders are both `get_order` in Rust
             --> shop.proto:6:7
              |
            6 |   rpc get_order(Request) returns (Request);
              |       ^^^^^^^^^
              = help: rename one of them"#]],
    );
}

#[test]
fn two_messages_of_one_type_are_refused() {
    check(
        "message Order {}\nmessage order {}",
        expect![[r#"
        `shop.v1.Order` and `shop.v1.order` are both `Order` in Rust
         --> shop.proto:5:9
          |
        5 | message order {}
          |         ^^^^^
          = help: rename one of them"#]],
    );
    check(
        "message Order {\n  message LineItem {}\n  enum line_item { NONE = 0; }\n}",
        expect![[r#"
            `shop.v1.Order.LineItem` and `shop.v1.Order.line_item` are both `LineItem` in Rust
             --> shop.proto:6:8
              |
            6 |   enum line_item { NONE = 0; }
              |        ^^^^^^^^^
              = help: rename one of them"#]],
    );
}

#[test]
fn a_service_without_any_free_name_is_refused() {
    check(
        "message OrdersServer {}
message OrdersService {}
service Orders {
  rpc GetOrder(Request) returns (Request);
}",
        expect![[r#"
            shop.v1.Orders finds no name in Rust: `Orders` and `OrdersService`, or the names of its server and client, are taken by messages or other services
             --> shop.proto:6:9
              |
            6 | service Orders {
              |         ^^^^^^
              = help: rename it"#]],
    );
}

#[test]
fn what_prost_can_not_express_is_refused() {
    check(
        "enum Size {\n  SIZE_XL = 0;\n  SIZE_Xl = 1;\n}",
        expect![
            "prost-build gave up: Generated enum variant names overlap: `Xl` variant name to be used both by `SIZE_XL` and `SIZE_Xl` ProtoBuf enum values"
        ],
    );
}

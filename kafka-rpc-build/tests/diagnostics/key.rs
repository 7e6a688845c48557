use expect_test::{Expect, expect};

use crate::folder::error_of;

/// The error for one key of a request that has a field of every kind.
fn check(key: &str, expected: Expect) {
    let proto = format!(
        r#"syntax = "proto3";
package shop.v1;
import "kafka_rpc/options.proto";
import "google/protobuf/wrappers.proto";

message Customer {{
  string id = 1;
  Customer referrer = 2;
}}

message PlaceOrderRequest {{
  string customer_id = 1;
  Customer customer = 2;
  double weight = 3;
  repeated string tags = 4;
  map<string, string> labels = 5;
  oneof payment {{
    string card = 6;
    Customer account = 7;
  }}
  google.protobuf.FloatValue ratio = 8;
}}

message PlaceOrderReply {{}}

service Orders {{
  rpc PlaceOrder(PlaceOrderRequest) returns (PlaceOrderReply) {{
    option (kafka_rpc.method) = {{ key: "{key}" }};
  }}
}}
"#
    );
    expected.assert_eq(&error_of(&proto));
}

#[test]
fn a_missing_field_is_named_with_its_neighbour() {
    check(
        "custmer_id",
        expect![[r#"
        key field `custmer_id` is not in shop.v1.PlaceOrderRequest
          --> shop.proto:28:41
           |
        28 |     option (kafka_rpc.method) = { key: "custmer_id" };
           |                                         ^^^^^^^^^^
           = help: did you mean `customer_id`?"#]],
    );
}

#[test]
fn a_missing_field_of_an_inner_message_is_underlined_alone() {
    check(
        "customer.referer.id",
        expect![[r#"
        key field `referer` is not in shop.v1.Customer
          --> shop.proto:28:50
           |
        28 |     option (kafka_rpc.method) = { key: "customer.referer.id" };
           |                                                  ^^^^^^^
           = help: did you mean `referrer`?"#]],
    );
}

#[test]
fn a_field_that_is_like_no_other_gets_no_guess() {
    check(
        "colour",
        expect![[r#"
        key field `colour` is not in shop.v1.PlaceOrderRequest
          --> shop.proto:28:41
           |
        28 |     option (kafka_rpc.method) = { key: "colour" };
           |                                         ^^^^^^"#]],
    );
}

#[test]
fn a_path_goes_through_messages_only() {
    check(
        "customer_id.length",
        expect![[r#"
        `shop.v1.PlaceOrderRequest.customer_id` is no message, so it has no field `length`
          --> shop.proto:28:53
           |
        28 |     option (kafka_rpc.method) = { key: "customer_id.length" };
           |                                                     ^^^^^^"#]],
    );
}

#[test]
fn a_path_that_ends_early_is_refused() {
    check(
        "customer.",
        expect![[r#"
            the key `customer.` has a step without a name
              --> shop.proto:28:41
               |
            28 |     option (kafka_rpc.method) = { key: "customer." };
               |                                         ^^^^^^^^^
               = help: write a field of the request, or a path such as `customer.id`"#]],
    );
}

#[test]
fn an_empty_key_is_refused() {
    check(
        "",
        expect![[r#"
            the key is empty
              --> shop.proto:28:40
               |
            28 |     option (kafka_rpc.method) = { key: "" };
               |                                        ^^
               = help: write a field of the request, or a path such as `customer.id`"#]],
    );
}

#[test]
fn a_floating_point_number_is_no_key() {
    check(
        "weight",
        expect![[r#"
        `shop.v1.PlaceOrderRequest.weight` is a floating point number and can't be a key
          --> shop.proto:28:41
           |
        28 |     option (kafka_rpc.method) = { key: "weight" };
           |                                         ^^^^^^
           = help: a key is a single string, bytes, integer, boolean or enum"#]],
    );
}

#[test]
fn a_wrapped_floating_point_number_is_no_key() {
    check(
        "ratio.value",
        expect![[r#"
        `google.protobuf.FloatValue.value` is a floating point number and can't be a key
          --> shop.proto:28:47
           |
        28 |     option (kafka_rpc.method) = { key: "ratio.value" };
           |                                               ^^^^^
           = help: a key is a single string, bytes, integer, boolean or enum"#]],
    );
}

#[test]
fn a_message_is_no_key() {
    check(
        "customer",
        expect![[r#"
        `shop.v1.PlaceOrderRequest.customer` is a message and can't be a key
          --> shop.proto:28:41
           |
        28 |     option (kafka_rpc.method) = { key: "customer" };
           |                                         ^^^^^^^^
           = help: name one of its fields, such as `customer.id`"#]],
    );
}

#[test]
fn a_repeated_field_is_no_key() {
    check(
        "tags",
        expect![[r#"
        `shop.v1.PlaceOrderRequest.tags` is repeated and can't be a key
          --> shop.proto:28:41
           |
        28 |     option (kafka_rpc.method) = { key: "tags" };
           |                                         ^^^^
           = help: a key is a single string, bytes, integer, boolean or enum"#]],
    );
}

#[test]
fn a_map_is_no_key() {
    check(
        "labels",
        expect![[r#"
        `shop.v1.PlaceOrderRequest.labels` is a map and can't be a key
          --> shop.proto:28:41
           |
        28 |     option (kafka_rpc.method) = { key: "labels" };
           |                                         ^^^^^^
           = help: a key is a single string, bytes, integer, boolean or enum"#]],
    );
}

#[test]
fn a_member_of_a_oneof_is_no_key() {
    check(
        "card",
        expect![[r#"
        `shop.v1.PlaceOrderRequest.card` is a member of the oneof `payment` and can't be a key
          --> shop.proto:28:41
           |
        28 |     option (kafka_rpc.method) = { key: "card" };
           |                                         ^^^^
           = help: a key is a single string, bytes, integer, boolean or enum"#]],
    );
}

#[test]
fn a_path_through_a_member_of_a_oneof_is_no_key() {
    check(
        "account.id",
        expect![[r#"
        `shop.v1.PlaceOrderRequest.account` is a member of the oneof `payment` and can't be a key
          --> shop.proto:28:41
           |
        28 |     option (kafka_rpc.method) = { key: "account.id" };
           |                                         ^^^^^^^
           = help: a key is a single string, bytes, integer, boolean or enum"#]],
    );
}

#[test]
fn a_group_is_no_key() {
    let proto = r#"syntax = "proto2";
import "kafka_rpc/options.proto";
message Request { optional group Details = 1 { optional string id = 2; } }
service Orders {
  rpc Place(Request) returns (Request) { option (kafka_rpc.method).key = "details"; }
}
"#;
    expect![[r#"
        `Request.details` is a group and can't be a key
         --> shop.proto:5:75
          |
        5 |   rpc Place(Request) returns (Request) { option (kafka_rpc.method).key = "details"; }
          |                                                                           ^^^^^^^
          = help: a key is a single string, bytes, integer, boolean or enum"#]]
    .assert_eq(&error_of(proto));
}

#[test]
fn an_option_over_many_lines_is_underlined_at_its_value() {
    let proto = r#"syntax = "proto3";
import "kafka_rpc/options.proto";
message Request { string id = 1; }
service Orders {
  rpc Place(Request) returns (Request) {
    option (kafka_rpc.method) = {
      # key: "id"
      delivery: AT_MOST_ONCE
      /* the key */ key /* again */ :
        'idd'
    };
  }
}
"#;
    expect![[r#"
        key field `idd` is not in Request
          --> shop.proto:10:10
           |
        10 |         'idd'
           |          ^^^
           = help: did you mean `id`?"#]]
    .assert_eq(&error_of(proto));
}

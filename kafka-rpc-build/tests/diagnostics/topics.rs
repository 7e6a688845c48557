use expect_test::{Expect, expect};

use crate::folder::error_of;

fn check(services: &str, expected: Expect) {
    let proto = format!(
        "syntax = \"proto3\";\n\
         package shop.v1;\n\
         import \"kafka_rpc/options.proto\";\n\
         message Request {{ string id = 1; }}\n\
         {services}\n"
    );
    expected.assert_eq(&error_of(&proto));
}

#[test]
fn a_topic_that_kafka_refuses_is_refused_here() {
    check(
        r#"service Orders {
  rpc Place(Request) returns (Request) { option (kafka_rpc.method).topic = "shop/orders"; }
}"#,
        expect![[r#"
            `shop/orders` is not the name of a topic
             --> shop.proto:6:77
              |
            6 |   rpc Place(Request) returns (Request) { option (kafka_rpc.method).topic = "shop/orders"; }
              |                                                                             ^^^^^^^^^^^
              = help: use letters, digits, `.`, `_` and `-` (not `.` or `..` alone)"#]],
    );
    check(
        r#"service Orders {
  option (kafka_rpc.service) = { topics: PER_SERVICE, topic: ".." };
}"#,
        expect![[r#"
            `..` is not the name of a topic
             --> shop.proto:6:63
              |
            6 |   option (kafka_rpc.service) = { topics: PER_SERVICE, topic: ".." };
              |                                                               ^^
              = help: use letters, digits, `.`, `_` and `-` (not `.` or `..` alone)"#]],
    );
}

#[test]
fn a_topic_that_was_set_to_nothing_is_refused() {
    check(
        r#"service Orders {
  rpc Place(Request) returns (Request) { option (kafka_rpc.method) = { topic: "" }; }
}"#,
        expect![[r#"
            a topic needs a name
             --> shop.proto:6:79
              |
            6 |   rpc Place(Request) returns (Request) { option (kafka_rpc.method) = { topic: "" }; }
              |                                                                               ^^"#]],
    );
}

#[test]
fn an_empty_group_is_refused() {
    check(
        r#"service Orders {
  option (kafka_rpc.service).group = "";
}"#,
        expect![[r#"
            a consumer group needs a name
             --> shop.proto:6:38
              |
            6 |   option (kafka_rpc.service).group = "";
              |                                      ^^"#]],
    );
}

#[test]
fn a_method_has_no_topic_where_the_service_has_one_for_all() {
    check(
        r#"service Orders {
  option (kafka_rpc.service) = { topics: PER_SERVICE };
  rpc Place(Request) returns (Request) { option (kafka_rpc.method).topic = "shop.orders"; }
}"#,
        expect![[r#"
            `topic` is set for shop.v1.Orders.Place, whose service has one topic for all methods (PER_SERVICE)
             --> shop.proto:7:77
              |
            7 |   rpc Place(Request) returns (Request) { option (kafka_rpc.method).topic = "shop.orders"; }
              |                                                                             ^^^^^^^^^^^
              = help: set the `topic` of the service instead, or leave out `topics: PER_SERVICE`"#]],
    );
}

#[test]
fn a_service_has_no_topic_where_each_method_has_its_own() {
    check(
        r#"service Orders {
  option (kafka_rpc.service).topic = "shop.orders";
}"#,
        expect![[r#"
            `topic` is set for shop.v1.Orders, whose methods each have their own
             --> shop.proto:6:39
              |
            6 |   option (kafka_rpc.service).topic = "shop.orders";
              |                                       ^^^^^^^^^^^
              = help: set `topics: PER_SERVICE` too, or the `topic` of a method"#]],
    );
}

#[test]
fn two_methods_do_not_share_a_topic() {
    check(
        r#"service Orders {
  rpc Place(Request) returns (Request) { option (kafka_rpc.method).topic = "shop.orders"; }
  rpc Cancel(Request) returns (Request) { option (kafka_rpc.method).topic = "shop.orders"; }
}"#,
        expect![[r#"
            the topic `shop.orders` of shop.v1.Orders.Cancel is one of shop.v1.Orders.Place too
             --> shop.proto:7:78
              |
            7 |   rpc Cancel(Request) returns (Request) { option (kafka_rpc.method).topic = "shop.orders"; }
              |                                                                              ^^^^^^^^^^^
              = help: give each a topic of its own; methods of one service share one with `topics: PER_SERVICE`"#]],
    );
}

#[test]
fn a_topic_is_not_the_replies_of_another() {
    check(
        r#"service Orders {
  rpc Cancel(Request) returns (Request) {
    option (kafka_rpc.method).topic = "shop.v1.Orders.Place.reply";
  }
  rpc Place(Request) returns (Request);
}"#,
        expect![[r#"
            the topic `shop.v1.Orders.Place.reply` of shop.v1.Orders.Cancel is one of shop.v1.Orders.Place too
             --> shop.proto:7:40
              |
            7 |     option (kafka_rpc.method).topic = "shop.v1.Orders.Place.reply";
              |                                        ^^^^^^^^^^^^^^^^^^^^^^^^^^
              = help: give each a topic of its own; methods of one service share one with `topics: PER_SERVICE`"#]],
    );
}

#[test]
fn a_derived_topic_fits_into_kafkas_limit() {
    let name = "Orders".repeat(40);
    check(
        &format!("service {name} {{ rpc Place(Request) returns (Request); }}"),
        expect![[r#"
            the topics of shop.v1.OrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrders.Place would have names of up to 266 characters (`shop.v1.OrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrders.Place.dead-letter`), and Kafka takes 249
             --> shop.proto:5:256
              |
            5 | service OrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrdersOrders { rpc Place(Request) returns (Request); }
              |                                                                                                                                                                                                                                                                ^^^^^
              = help: set a shorter `topic`"#]],
    );
}

use expect_test::{Expect, expect};

use crate::folder::error_of;

fn service(inside: &str) -> String {
    format!(
        "syntax = \"proto3\";\n\
         package shop.v1;\n\
         import \"kafka_rpc/options.proto\";\n\
         message Request {{ string id = 1; }}\n\
         service Orders {{\n\
         {inside}\n\
         }}\n"
    )
}

fn check_service(option: &str, expected: Expect) {
    expected.assert_eq(&error_of(&service(&format!("  {option}"))));
}

fn check_method(option: &str, expected: Expect) {
    let method = format!("  rpc Place(Request) returns (Request) {{ {option} }}");
    expected.assert_eq(&error_of(&service(&method)));
}

#[test]
fn an_unknown_delivery_finds_its_neighbour() {
    check_method(
        "option (kafka_rpc.method) = { key: \"id\" delivery: AT_MOST_ONC };",
        expect![[r#"
        value `AT_MOST_ONC` was not found for enum `kafka_rpc.Delivery`
         --> shop.proto:6:92
          |
        6 |   rpc Place(Request) returns (Request) { option (kafka_rpc.method) = { key: "id" delivery: AT_MOST_ONC }; }
          |                                                                                            ^^^^^^^^^^^
          = help: did you mean `AT_MOST_ONCE`?"#]],
    );
    check_method(
        "option (kafka_rpc.method).delivery = AT_MOST_ONC;",
        expect![[r#"
            expected a value of type `kafka_rpc.Delivery` for option `(kafka_rpc.method).delivery`, but found `AT_MOST_ONC`
             --> shop.proto:6:79
              |
            6 |   rpc Place(Request) returns (Request) { option (kafka_rpc.method).delivery = AT_MOST_ONC; }
              |                                                                               ^^^^^^^^^^^
              = help: did you mean `AT_MOST_ONCE`?"#]],
    );
}

#[test]
fn an_unknown_layout_finds_its_neighbour() {
    check_service(
        "option (kafka_rpc.service) = { topics: PER_SERVCE };",
        expect![[r#"
        value `PER_SERVCE` was not found for enum `kafka_rpc.Topics`
         --> shop.proto:6:42
          |
        6 |   option (kafka_rpc.service) = { topics: PER_SERVCE };
          |                                          ^^^^^^^^^^
          = help: did you mean `PER_SERVICE`?"#]],
    );
}

#[test]
fn an_unknown_field_finds_its_neighbour() {
    check_method(
        "option (kafka_rpc.method) = { kye: \"id\" };",
        expect![[r#"
        field `kye` not found for message `kafka_rpc.MethodOptions`
         --> shop.proto:6:72
          |
        6 |   rpc Place(Request) returns (Request) { option (kafka_rpc.method) = { kye: "id" }; }
          |                                                                        ^^^
          = help: did you mean `key`?"#]],
    );
    check_method(
        "option (kafka_rpc.method).kye = \"id\";",
        expect![[r#"
            option field `(kafka_rpc.method).kye` is not defined
             --> shop.proto:6:68
              |
            6 |   rpc Place(Request) returns (Request) { option (kafka_rpc.method).kye = "id"; }
              |                                                                    ^^^
              = help: did you mean `key`?"#]],
    );
}

#[test]
fn an_unknown_option_finds_its_neighbour() {
    check_method(
        "option (kafka_rpc.methd) = { key: \"id\" };",
        expect![[r#"
            `kafka_rpc.methd` resolves to `kafka_rpc.methd`, which is not defined
             --> shop.proto:6:60
              |
            6 |   rpc Place(Request) returns (Request) { option (kafka_rpc.methd) = { key: "id" }; }
              |                                                            ^^^^^
              = help: did you mean `method`?"#]],
    );
}

#[test]
fn an_option_of_a_service_on_a_method_is_refused() {
    check_method(
        "option (kafka_rpc.service) = { group: \"id\" };",
        expect![[r#"
        expected an extension to type `google.protobuf.MethodOptions`, but `kafka_rpc.service` extends `google.protobuf.ServiceOptions`
         --> shop.proto:6:60
          |
        6 |   rpc Place(Request) returns (Request) { option (kafka_rpc.service) = { group: "id" }; }
          |                                                            ^^^^^^^"#]],
    );
}

#[test]
fn a_value_of_the_wrong_type_is_refused() {
    check_method(
        "option (kafka_rpc.method) = { key: 3 };",
        expect![[r#"
        expected a string, but found `3`
         --> shop.proto:6:77
          |
        6 |   rpc Place(Request) returns (Request) { option (kafka_rpc.method) = { key: 3 }; }
          |                                                                             ^"#]],
    );
    check_method(
        "option (kafka_rpc.method).key = id;",
        expect![[r#"
            expected a value of type `string` for option `(kafka_rpc.method).key`, but found `id`
             --> shop.proto:6:74
              |
            6 |   rpc Place(Request) returns (Request) { option (kafka_rpc.method).key = id; }
              |                                                                          ^^"#]],
    );
}

#[test]
fn an_option_without_the_import_asks_for_it() {
    let proto = "syntax = \"proto3\";\n\
                 message Request { string id = 1; }\n\
                 service Orders {\n\
                 \x20 option (kafka_rpc.service) = { topics: PER_SERVICE };\n\
                 }\n";
    expect![[r#"
        name `kafka_rpc.service` is not defined
         --> shop.proto:4:21
          |
        4 |   option (kafka_rpc.service) = { topics: PER_SERVICE };
          |                     ^^^^^^^
          = help: for `kafka_rpc.service` add: import "kafka_rpc/options.proto";"#]]
    .assert_eq(&error_of(proto));
}

use expect_test::expect;

use crate::folder::{Folder, error_of};

#[test]
fn a_syntax_error_is_shown_in_its_line() {
    expect![[r#"
        expected `=`, but found `1`
         --> shop.proto:3:13
          |
        3 |   string id 1;
          |             ^"#]]
    .assert_eq(&error_of(
        "syntax = \"proto3\";\nmessage Order {\n  string id 1;\n}\n",
    ));
}

#[test]
fn an_unknown_message_finds_its_neighbour() {
    let proto = "syntax = \"proto3\";
message PlaceOrderRequest {}
service Orders {
  rpc Place(PlaceOrderRequst) returns (PlaceOrderRequest);
}
";
    expect![[r#"
        name `PlaceOrderRequst` is not defined
         --> shop.proto:4:13
          |
        4 |   rpc Place(PlaceOrderRequst) returns (PlaceOrderRequest);
          |             ^^^^^^^^^^^^^^^^
          = help: did you mean `PlaceOrderRequest`?"#]]
    .assert_eq(&error_of(proto));
}

#[test]
fn a_missing_import_is_shown_where_it_is_asked_for() {
    expect![[r#"
        import `bank/v1/account.proto` not found
         --> shop.proto:2:1
          |
        2 | import "bank/v1/account.proto";
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"#]]
    .assert_eq(&error_of(
        "syntax = \"proto3\";\nimport \"bank/v1/account.proto\";\n",
    ));
}

#[test]
fn an_error_in_an_import_is_shown_in_the_import() {
    let folder = Folder::with(&[
        (
            "shop.proto",
            "syntax = \"proto3\";\nimport \"parts/item.proto\";\n",
        ),
        (
            "parts/item.proto",
            "syntax = \"proto3\";\nmessage Item {\n\tColour colour = 1;\n}\n",
        ),
    ]);
    let error = folder
        .compile(kafka_rpc_build::configure(), "shop.proto")
        .expect_err("an unknown type");
    expect![[r#"
        name `Colour` is not defined
         --> parts/item.proto:3:2
          |
        3 |  Colour colour = 1;
          |  ^^^^^^"#]]
    .assert_eq(&folder.show(&error));
}

#[test]
fn a_file_that_does_not_exist_is_named() {
    let folder = Folder::with(&[]);
    let error = folder
        .compile(kafka_rpc_build::configure(), "shop.proto")
        .expect_err("no such file");
    expect!["file `shop.proto` is not in any include path"].assert_eq(&folder.show(&error));
}

#[test]
fn a_file_outside_of_the_include_paths_is_named() {
    let folder = Folder::with(&[
        ("shop.proto", "syntax = \"proto3\";\n"),
        ("other/x.proto", ""),
    ]);
    let error = kafka_rpc_build::compile_protos(
        &[folder.path().join("shop.proto")],
        &[folder.path().join("other")],
    )
    .expect_err("not in an include path");
    expect!["file `shop.proto` is not in any include path"].assert_eq(&folder.show(&error));
}

#[test]
fn several_problems_are_told_at_once() {
    let proto = "syntax = \"proto3\";
import \"kafka_rpc/options.proto\";
message Request { string id = 1; }
service Orders {
  rpc Watch(stream Request) returns (Request) { option (kafka_rpc.method).key = \"id\"; }
  rpc Place(Request) returns (Request) { option (kafka_rpc.method).key = \"idd\"; }
}
";
    expect![[r#"
        a stream has no one message to take a key from
         --> shop.proto:5:81
          |
        5 |   rpc Watch(stream Request) returns (Request) { option (kafka_rpc.method).key = "id"; }
          |                                                                                 ^^^^
          = help: set the key with `Request::set_key`

        error: key field `idd` is not in Request
         --> shop.proto:6:75
          |
        6 |   rpc Place(Request) returns (Request) { option (kafka_rpc.method).key = "idd"; }
          |                                                                           ^^^
          = help: did you mean `id`?"#]]
    .assert_eq(&error_of(proto));
}

#[test]
fn debug_shows_the_same_as_display() {
    let folder = Folder::with(&[("shop.proto", "message {}")]);
    let error = folder
        .compile(kafka_rpc_build::configure(), "shop.proto")
        .expect_err("a syntax error");
    assert_eq!(format!("{error:?}"), error.to_string());
    assert!(
        std::error::Error::source(&error).is_some(),
        "the compiler's error is the source"
    );
}

#[test]
fn letters_beyond_ascii_do_not_shift_the_underline() {
    let proto = "syntax = \"proto3\";\r\nmessage Anfrage {}\r\n\r\nservice Orders {\r\n  /* Auftr\u{e4}ge \u{1F4E6} */ rpc Place(Anfrag) returns (Anfrage);\r\n}\r\n";
    expect![[r#"
        name `Anfrag` is not defined
         --> shop.proto:5:30
          |
        5 |   /* Aufträge 📦 */ rpc Place(Anfrag) returns (Anfrage);
          |                              ^^^^^^
          = help: did you mean `Anfrage`?"#]]
    .assert_eq(&error_of(proto));
}

use expect_test::expect;

use prost_reflect::prost::Message as _;

use crate::folder::Folder;

const PROTO: &str = "syntax = \"proto3\";
package shop.v1;
import \"kafka_rpc/options.proto\";
message Request { string id = 1; }
service Orders {
  rpc Place(Request) returns (Request) { option (kafka_rpc.method).key = \"idd\"; }
  rpc Watch(Request) returns (Request) { option (kafka_rpc.method).resumable = true; }
}
";

fn encoded(folder: &Folder, with_lines: bool) -> Vec<u8> {
    let builder = kafka_rpc_build::configure()
        .build_client(false)
        .build_server(false)
        .file_descriptor_set_path(folder.path().join("set.bin"));
    folder
        .compile(builder, "shop.proto")
        .expect("no service is looked at");
    let encoded = std::fs::read(folder.path().join("set.bin")).expect("the set");
    if with_lines {
        encoded
    } else {
        without_lines(&encoded)
    }
}

/// Drops `source_code_info` and keeps the options, which only reflection can.
fn without_lines(encoded: &[u8]) -> Vec<u8> {
    use prost_reflect::{DynamicMessage, ReflectMessage as _, Value};
    let descriptor = prost_types::FileDescriptorSet::default().descriptor();
    let mut set = DynamicMessage::decode(descriptor, encoded).expect("a set");
    if let Value::List(files) = set.get_field_by_name_mut("file").expect("files") {
        for file in files {
            if let Value::Message(file) = file {
                file.clear_field_by_name("source_code_info");
            }
        }
    }
    set.encode_to_vec()
}

fn error_of(encoded: &[u8], folder: &Folder) -> String {
    let error = kafka_rpc_build::configure()
        .out_dir(folder.path())
        .compile_fds(encoded)
        .expect_err("a bad key and no stream");
    folder.show(&error)
}

#[test]
fn a_set_with_source_info_tells_lines() {
    let folder = Folder::with(&[("shop.proto", PROTO)]);
    let encoded = encoded(&folder, true);
    expect![[r#"
        key field `idd` is not in shop.v1.Request
         --> shop.proto:6:42
          = help: did you mean `id`?

        error: `resumable` is for methods whose reply alone is a stream, and `shop.v1.Orders.Watch` is one whose reply is no stream
         --> shop.proto:7:42
          = help: leave it out here"#]]
    .assert_eq(&error_of(&encoded, &folder));
}

#[test]
fn a_set_without_source_info_tells_elements() {
    let folder = Folder::with(&[("shop.proto", PROTO)]);
    let encoded = encoded(&folder, false);
    expect![[r#"
        key field `idd` is not in shop.v1.Request
         --> shop.proto, in shop.v1.Orders.Place
          = help: did you mean `id`?

        error: `resumable` is for methods whose reply alone is a stream, and `shop.v1.Orders.Watch` is one whose reply is no stream
         --> shop.proto, in shop.v1.Orders.Watch
          = help: leave it out here"#]]
    .assert_eq(&error_of(&encoded, &folder));
}

#[test]
fn bytes_that_are_no_set_are_refused() {
    let folder = Folder::with(&[]);
    expect![[r#"
        the descriptor set can't be used: failed to decode file descriptor set
          = help: make it with all imports: `protoc --include_imports --include_source_info`"#]]
    .assert_eq(&error_of(b"\xff\xff", &folder));
}

#[test]
fn a_set_without_its_imports_is_refused() {
    let folder = Folder::with(&[]);
    let file = prost_types::FileDescriptorProto {
        name: Some("shop.proto".to_owned()),
        dependency: vec!["google/protobuf/empty.proto".to_owned()],
        ..Default::default()
    };
    let set = prost_types::FileDescriptorSet { file: vec![file] };
    expect![[r#"
        the descriptor set can't be used: imported file 'google/protobuf/empty.proto' has not been added
          = help: make it with all imports: `protoc --include_imports --include_source_info`"#]].assert_eq(&error_of(&set.encode_to_vec(), &folder));
}

/// The error for a set in which an option of `Place`, a varint with the value 1, is 7.
fn error_of_unknown(option: &str, field: u8) -> String {
    let proto = PROTO.replace("key = \"idd\"", option);
    let folder = Folder::with(&[("shop.proto", &proto)]);
    let mut encoded = encoded(&folder, false);
    let at = encoded
        .windows(3)
        .rposition(|bytes| bytes == [2, field << 3, 1])
        .expect("the option");
    encoded[at + 2] = 7;
    error_of(&encoded, &folder)
}

#[test]
fn an_unknown_number_of_an_enum_is_refused() {
    expect![[r#"
        unknown value 7 of `delivery`: it is AT_LEAST_ONCE or AT_MOST_ONCE
         --> shop.proto, in shop.v1.Orders.Place

        error: `resumable` is for methods whose reply alone is a stream, and `shop.v1.Orders.Watch` is one whose reply is no stream
         --> shop.proto, in shop.v1.Orders.Watch
          = help: leave it out here"#]].assert_eq(&error_of_unknown("delivery = AT_MOST_ONCE", 2));
    expect![[r#"
        unknown value 7 of `routing`: it is ONE or ALL
         --> shop.proto, in shop.v1.Orders.Place

        error: `resumable` is for methods whose reply alone is a stream, and `shop.v1.Orders.Watch` is one whose reply is no stream
         --> shop.proto, in shop.v1.Orders.Watch
          = help: leave it out here"#]].assert_eq(&error_of_unknown("routing = ALL", 5));
}

#[test]
fn a_file_that_can_not_be_read_is_named() {
    let folder = Folder::with(&[]);
    let error = kafka_rpc_build::configure()
        .compile_fds_file(folder.path().join("set.bin"))
        .expect_err("no file");
    expect!["can't read set.bin: No such file or directory (os error 2)"]
        .assert_eq(&folder.show(&error));
}

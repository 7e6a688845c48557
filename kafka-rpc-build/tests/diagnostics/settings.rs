use expect_test::expect;

use crate::folder::Folder;

const PROTO: &str = "syntax = \"proto3\";\npackage shop.v1;\nmessage Order {}\n";

#[test]
fn an_attribute_that_is_no_rust_is_told_with_its_package() {
    let folder = Folder::with(&[("shop.proto", PROTO)]);
    let builder = kafka_rpc_build::configure().type_attribute(".", "#[derive(");
    let error = folder.compile(builder, "shop.proto").expect_err("no Rust");
    expect![[r#"
        the code of shop.v1.rs is no valid Rust: cannot parse string into token stream
          = help: check the attributes and extern paths that you set"#]]
    .assert_eq(&folder.show(&error));
}

#[test]
fn an_extern_path_without_its_dot_is_refused() {
    let folder = Folder::with(&[("shop.proto", PROTO)]);
    let builder = kafka_rpc_build::configure().extern_path("shop.v1", "::shop");
    let error = folder.compile(builder, "shop.proto").expect_err("no path");
    expect!["prost-build refused: Protobuf paths must be fully qualified (begin with a leading '.'): shop.v1"].assert_eq(&folder.show(&error));
}

#[test]
fn an_output_folder_that_does_not_exist_is_named() {
    let folder = Folder::with(&[("shop.proto", PROTO)]);
    let error = kafka_rpc_build::configure()
        .out_dir(folder.path().join("missing"))
        .compile_protos(
            &[folder.path().join("shop.proto")],
            &[folder.path().to_path_buf()],
        )
        .expect_err("no folder");
    expect!["can't write missing/shop.v1.rs: No such file or directory (os error 2)"]
        .assert_eq(&folder.show(&error));
}

//! The code that is written for a `.proto`, held in files.
//!
//! After a change that is meant to be, `UPDATE_EXPECT=1 cargo test -p kafka-rpc-build` writes them
//! anew.

use std::fs;
use std::path::Path;

use expect_test::expect_file;
use kafka_rpc_build::{Builder, configure};
use tempfile::TempDir;

/// Compiles a file of `tests/generated` into a folder.
fn compile(builder: Builder, proto: &str) -> TempDir {
    let include = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/generated");
    let folder = tempfile::tempdir().expect("a folder");
    builder
        .out_dir(folder.path())
        .emit_rerun_if_changed(false)
        .compile_protos(&[proto], &[include])
        .expect("the file compiles");
    folder
}

fn read(folder: &TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).expect(name)
}

#[test]
fn a_service_is_a_trait_beside_its_messages() {
    let folder = compile(configure(), "orders.proto");
    expect_file!["generated/orders.rs"].assert_eq(&read(&folder, "shop.v1.rs"));
}

#[test]
fn a_file_without_a_package_and_other_settings() {
    let builder = configure()
        .build_client(false)
        .unimplemented_defaults(true)
        .bytes(["."])
        .include_file("all.rs")
        .message_attribute("EchoClient", "#[derive(PartialOrd)]");
    let folder = compile(builder, "bare.proto");
    expect_file!["generated/bare.rs"].assert_eq(&read(&folder, "_.rs"));
    expect_file!["generated/bare_includes.rs"].assert_eq(&read(&folder, "all.rs"));
}

#[test]
fn messages_alone_have_no_descriptor_set() {
    let builder = configure().build_client(false).build_server(false);
    let folder = compile(builder, "orders.proto");
    let code = read(&folder, "shop.v1.rs");
    assert!(code.contains("pub struct PlaceOrderRequest"), "{code}");
    assert!(
        !code.contains("service") && !code.contains("FILE_DESCRIPTOR_SET"),
        "{code}"
    );
    assert!(
        !folder.path().join("shop.v1.bin").exists(),
        "no set without services"
    );
}

#[test]
fn nothing_is_written_for_what_is_imported_from_protobuf_or_for_the_options() {
    let folder = compile(configure(), "orders.proto");
    let mut files: Vec<String> = fs::read_dir(folder.path())
        .expect("the folder")
        .map(|entry| {
            entry
                .expect("a file")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    files.sort();
    assert_eq!(files, ["shop.v1.bin", "shop.v1.rs"]);
}

#[test]
fn what_has_not_changed_is_not_written_again() {
    let folder = compile(configure(), "orders.proto");
    let changed = |name: &str| -> std::time::SystemTime {
        let path: &Path = &folder.path().join(name);
        path.metadata()
            .and_then(|data| data.modified())
            .expect(name)
    };
    let before = (changed("shop.v1.rs"), changed("shop.v1.bin"));
    std::thread::sleep(std::time::Duration::from_millis(20));
    let include = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/generated");
    configure()
        .out_dir(folder.path())
        .emit_rerun_if_changed(false)
        .compile_protos(&["orders.proto"], &[include])
        .expect("the file compiles");
    assert_eq!((changed("shop.v1.rs"), changed("shop.v1.bin")), before);
}

#[test]
fn a_descriptor_set_comes_to_the_same_code_as_its_files() {
    let set = tempfile::tempdir().expect("a folder");
    let path = set.path().join("all.bin");
    let from_files = compile(configure().file_descriptor_set_path(&path), "orders.proto");
    let from_set = tempfile::tempdir().expect("a folder");
    configure()
        .out_dir(from_set.path())
        .emit_rerun_if_changed(false)
        .compile_fds_file(&path)
        .expect("the set compiles");
    for name in ["shop.v1.rs", "shop.v1.bin"] {
        let bytes = |folder: &TempDir| fs::read(folder.path().join(name)).expect(name);
        assert!(bytes(&from_files) == bytes(&from_set), "{name} differs");
    }
}

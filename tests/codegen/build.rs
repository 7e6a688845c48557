//! Compiles each tricky `.proto` with the settings that it is there for.

use kafka_rpc_build::{Error, configure};

fn main() -> Result<(), Error> {
    // Packages that import each other, and a tree of modules for them.
    configure()
        .include_file("packages.rs")
        .compile_protos(&["proto/shop/v1/orders.proto"], &["proto"])?;

    for file in [
        "bare",
        "names",
        "clash",
        "kinds",
        "ancient",
        "documented",
        "streams",
        "instances",
    ] {
        kafka_rpc_build::compile_protos(&[format!("proto/{file}.proto")], &["proto".to_owned()])?;
    }

    configure()
        .build_server(false)
        .compile_protos(&["proto/client_only.proto"], &["proto"])?;
    configure()
        .build_client(false)
        .unimplemented_defaults(true)
        .compile_protos(&["proto/server_only.proto"], &["proto"])?;

    configure()
        .extern_path(".common.v1", "crate::common::v1")
        .type_attribute("shared.Deposit", "#[non_exhaustive]")
        .field_attribute("shared.Deposit.note", "#[doc = \"For the statement.\"]")
        .bytes(["."])
        .btree_map([".shared"])
        .compile_protos(&["proto/shared.proto"], &["proto"])
}

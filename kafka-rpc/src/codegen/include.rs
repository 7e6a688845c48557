/// Includes the code that `kafka-rpc-build` wrote for a protobuf package.
///
/// Takes the package's name as a string; the code of a file without a package is in `"_"`.
///
/// ```ignore
/// mod shop {
///     kafka_rpc::include_proto!("shop.v1");
/// }
/// ```
///
/// It reads from `OUT_DIR`, where a build script writes; for another output folder use `include!`
/// yourself.
#[macro_export]
macro_rules! include_proto {
    ($package:tt) => {
        include!(concat!(env!("OUT_DIR"), concat!("/", $package, ".rs")));
    };
}

/// Includes an encoded `FileDescriptorSet` that a build script wrote to `OUT_DIR`, as a `&'static
/// [u8]`.
///
/// Takes the file's name without `.bin`, as a string.
///
/// ```ignore
/// static SHOP: &[u8] = kafka_rpc::include_file_descriptor_set!("shop_descriptor");
/// ```
#[macro_export]
macro_rules! include_file_descriptor_set {
    ($name:tt) => {
        include_bytes!(concat!(env!("OUT_DIR"), concat!("/", $name, ".bin")))
    };
}

//! Compiles the services. What the server leaves out answers `UNIMPLEMENTED`, which is one of the cases.

fn main() -> Result<(), kafka_rpc_build::Error> {
    kafka_rpc_build::configure()
        .unimplemented_defaults(true)
        .bytes(["."])
        .compile_protos(&["proto/interop.proto"], &["proto"])
}

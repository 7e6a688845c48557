//! Compiles the service.

fn main() -> Result<(), kafka_rpc_build::Error> {
    kafka_rpc_build::configure()
        .bytes(["."])
        .compile_protos(&["proto/files.proto"], &["proto"])
}

//! Compiles the service.

fn main() -> Result<(), kafka_rpc_build::Error> {
    kafka_rpc_build::compile_protos(&["proto/bank.proto"], &["proto"])
}

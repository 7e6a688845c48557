//! Compiles the service that is called in JSON, too.

fn main() -> Result<(), kafka_rpc_build::Error> {
    kafka_rpc_build::compile_protos(&["proto/weather.proto"], &["proto"])
}

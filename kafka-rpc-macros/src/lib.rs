//! The `#[service]` attribute of kafka-rpc.

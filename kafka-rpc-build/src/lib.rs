//! Compiles `.proto` services for kafka-rpc in `build.rs`.

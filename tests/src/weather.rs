//! A service from a `.proto`, so that it can be called in JSON.

kafka_rpc::include_proto!("tests.v1");

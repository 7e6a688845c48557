//! Protobuf services over Apache Kafka.
#![allow(dead_code)]

mod client;

//! Protobuf services over Apache Kafka.
#![allow(dead_code)]

mod cluster;
mod error;
mod transport;
mod wire;

pub use cluster::{Cluster, Sasl, Tls, TopicSettings};
pub use error::{Error, TopicProblem, TopicProblems};

//! Protobuf services over Apache Kafka.

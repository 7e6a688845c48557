//! What only a real Apache Kafka shows, on one broker that all tests share.

mod calls;
mod console;
mod group;
mod partitioner;
mod progress;
mod topics;
mod world;

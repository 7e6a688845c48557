//! What only a real Apache Kafka shows, on one broker that all tests share.

mod calls;
mod compression;
mod console;
mod enqueued;
mod group;
mod kills;
mod partitioner;
mod progress;
mod topics;
mod world;

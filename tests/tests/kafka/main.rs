//! What only a real Apache Kafka shows, on one broker that all tests share.

mod calls;
mod compression;
mod console;
mod dead_letters;
mod deduplication;
mod enqueued;
mod group;
mod kills;
mod partitioner;
mod progress;
mod topics;
mod transactions;
mod unreadable;
mod world;

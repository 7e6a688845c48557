//! What needs a Kafka of its own: brokers that fail, and rights.

mod broker;
mod cluster;
mod restart;
mod rights;
mod unreachable;

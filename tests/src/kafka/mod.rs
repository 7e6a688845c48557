//! A real Apache Kafka for tests: fetched with Maven, run as a JVM in KRaft mode, on loopback, gone with the test.
//!
//! [`shared()`] is the one broker of a test binary. A test that stops, kills or pauses its broker starts one of its own with
//! [`Broker::start`], or three with [`Builder::start_cluster`].
//!
//! The jars lie in `<target>/kafka-<version>`, or where `KAFKA_RPC_KAFKA_DIR` says; they are fetched once.

mod broker;
mod builder;
mod cluster;
mod damage;
mod data_dir;
mod detour;
mod distribution;
mod home;
mod partitioner;
mod port;
mod probe;
mod properties;
mod shared;
mod tool;
mod topics;
mod user;

pub use broker::Broker;
pub use builder::Builder;
pub use cluster::Brokers;
pub use damage::Damage;
pub use detour::Detour;
pub use partitioner::java_partitions;
pub use shared::shared;
pub use tool::{Tool, ToolOutput};
pub use topics::TopicDescription;
pub use user::{ADMIN, GUEST, User};

pub(crate) use distribution::is_fetched;

//! The harness of the cross-crate suites: it boots a real Apache Kafka and runs child processes, and leaves neither behind.
//!
//! A suite starts each of its tests so:
//! ```no_run
//! use kafka_rpc_tests::{kafka, require_java, unique};
//!
//! fn orders_arrive() {
//!     require_java!();
//!     let broker = kafka::shared(); // one for all tests of this binary
//!     let topic = unique("orders"); // so tests do not meet
//!     println!("{topic} on {}", broker.bootstrap());
//! }
//! ```
//! The harness is for tests, so it panics where it can't go on, with what happened and what to do about it. It needs a Unix
//! with `sh`. Its calls block the thread: an async test makes them before it starts to measure time, or in `spawn_blocking`.

pub mod desk_server;
pub mod fit;
pub mod foreign;
mod gate;
pub mod java;
pub mod kafka;
pub mod load;
pub mod memory;
pub mod process;
pub mod relay;
pub mod service;
mod sightings;
mod soon;
mod unique;
mod within;
pub mod world;

pub use gate::Gate;
pub use sightings::{OnDrop, Seen, Sightings, sightings};
pub use soon::{sent, soon, until, until_within};
pub use unique::unique;
pub use within::within;

//! Whole clients and servers of kafka-rpc in one thread: the broker, the network and the time are simulated, and a seed
//! decides all that happens. The checker holds the history against what is promised.

mod bank;
mod caller;
mod client;
mod director;
mod ending;
mod plan;
mod play;
mod server;
mod stage;
mod store;

pub use kafka_rpc::simulation::Bug;
pub use play::{Played, play, play_with};

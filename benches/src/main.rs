//! Measures calls over kafka-rpc against the same calls over a bare Kafka client, the floor, and over gRPC.
//!
//! Client and servers are processes of their own, which are this program again. See `kafka-rpc-bench compare --help`.

mod allocating;
mod allocations;
mod arguments;
mod child;
mod client;
mod compare;
mod cpu;
mod curves;
mod growth;
mod idle;
mod json;
mod kafka;
mod keys;
mod load;
mod memory;
mod once;
mod pacer;
mod process;
mod progress;
mod recorder;
mod setup;
mod sharing;
mod show;
mod soak;
mod stage;
mod startup;
mod streaming;
mod summary;
mod system;
mod table;
mod threads;

use clap::Parser as _;

use arguments::{Arguments, Command};

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Compare(comparison) => compare::compare(&comparison),
        Command::Allocations(arguments) => allocating::allocations(&arguments),
        Command::Idle(arguments) => idle::idle(&arguments),
        Command::Startup(arguments) => startup::startup(&arguments),
        Command::Sharing(arguments) => sharing::sharing(&arguments),
        Command::Curves(arguments) => curves::curves(&arguments),
        Command::Growth(arguments) => growth::growth(&arguments),
        Command::Soak(arguments) => soak::soak(&arguments),
        Command::Stream(arguments) => streaming::streaming(&arguments),
        Command::Once(arguments) => once::once(&arguments),
        Command::Memory(arguments) => memory::memory(&arguments),
        Command::Show { page } => show::show(&page),
        Command::Server { job } => child::server(&job),
        Command::Client { job } => child::client(&job),
    }
}

//! What becomes of calls while processes, brokers and the network fail.
//!
//! ```text
//! cargo run --release -p kafka-rpc-faults -- --for 2m --seed 1 --scenario all
//! ```
//! Each scenario runs clients and servers as processes of their own on three real brokers, breaks something again and again,
//! and then holds the history that all of them have written against what is promised. The last line tells how many scenarios,
//! calls and violations there were; with any violation the program ends with 1.

mod arguments;
mod chance;
mod client;
mod clock;
mod link;
mod node;
mod run;
mod scenario;
mod server;
mod stage;
mod table;
mod till;

use std::process::ExitCode;

use clap::Parser as _;

use self::arguments::{Arguments, Command};

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match arguments.command {
            None => run::run(&arguments.run).await,
            Some(Command::Server { settings }) => server::serve(&settings).await.map(done),
            Some(Command::Client { settings }) => client::call(&settings).await.map(done),
        }
    })
}

fn done((): ()) -> ExitCode {
    ExitCode::SUCCESS
}

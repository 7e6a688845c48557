//! gRPC's interoperability cases over kafka-rpc, between two processes and through Apache Kafka.
//!
//! ```text
//! cargo run --release -p kafka-rpc-interop -- --test_case=all
//! ```
//! Prints a line for each case and one for all of them, and ends with 1 where one failed. What the cases are is in the
//! README beside this crate.

mod arguments;
mod cases;
mod clients;
mod handlers;
mod payload;
mod server;
mod service;
mod suite;

use std::process::ExitCode;

use clap::Parser as _;

use crate::arguments::{Arguments, Command};

/// What `kafka-rpc-build` wrote of `proto/interop.proto`.
#[allow(unreachable_pub)]
mod proto {
    kafka_rpc::include_proto!("interop.v1");
}

fn main() -> anyhow::Result<ExitCode> {
    // A failed run shows what went wrong. `RUST_LOG` asks for more.
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::builder()
                .with_default_directive(tracing_subscriber::filter::LevelFilter::WARN.into())
                .from_env_lossy(),
        )
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    match arguments.command {
        Some(Command::Serve { brokers, prefix }) => {
            runtime.block_on(server::serve(&brokers, &prefix))?;
            Ok(ExitCode::SUCCESS)
        }
        None => runtime.block_on(suite::run(&arguments)),
    }
}

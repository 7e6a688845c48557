use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::cases::Case;

/// Runs gRPC's interoperability cases over kafka-rpc, against a server in a process of its own
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// A case, or all of them
    #[arg(long = "test_case", value_name = "NAME", value_enum, default_value_t = Case::All)]
    pub(crate) test_case: Case,
    /// A Kafka cluster, host:port[,host:port…]; without it one is booted, which needs Java 17 and Maven
    #[arg(long, value_name = "SERVERS")]
    pub(crate) brokers: Option<String>,
    #[command(flatten)]
    pub(crate) soak: Soak,
}

/// How the case `soak` goes.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Soak {
    /// How many calls the case soak makes
    #[arg(long = "soak_iterations", value_name = "CALLS", default_value_t = 1000,
        value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) iterations: u32,
    /// How long each of them may take; one that takes longer has failed
    #[arg(
        long = "soak_per_iteration_max_acceptable_latency_ms",
        value_name = "MILLISECONDS",
        default_value = "1000",
        value_parser = millis
    )]
    pub(crate) limit: Duration,
    /// How long after one of them began the next begins at the soonest, so that few calls make a long soak
    #[arg(
        long = "soak_min_time_ms_between_rpcs",
        value_name = "MILLISECONDS",
        default_value = "0",
        value_parser = pause
    )]
    pub(crate) apart: Duration,
    /// How many of them may fail
    #[arg(long = "soak_max_failures", value_name = "CALLS", default_value_t = 0)]
    pub(crate) max_failures: u32,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The server's process
    #[command(hide = true)]
    Serve { brokers: String, prefix: String },
}

/// Some time.
fn millis(text: &str) -> Result<Duration, String> {
    match pause(text)? {
        Duration::ZERO => Err("a call takes some time".to_owned()),
        time => Ok(time),
    }
}

/// Some time, or none.
fn pause(text: &str) -> Result<Duration, String> {
    let millis: u32 = text.parse().map_err(|error| format!("{error}"))?;
    Ok(Duration::from_millis(millis.into()))
}

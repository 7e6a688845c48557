use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::ensure;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::allocating::AllocationArguments;
use crate::curves::CurvesArguments;
use crate::growth::GrowthArguments;
use crate::idle::IdleArguments;
use crate::memory::MemoryArguments;
use crate::once::OnceArguments;
use crate::setup::{Load, SystemName};
use crate::sharing::SharingArguments;
use crate::soak::SoakArguments;
use crate::startup::StartupArguments;
use crate::streaming::StreamArguments;

/// Measures calls over kafka-rpc, over a bare Kafka client, and over gRPC
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs the systems in turn under the same load and prints a table
    Compare(Comparison),
    Stream(StreamArguments),
    Memory(MemoryArguments),
    Once(OnceArguments),
    Allocations(AllocationArguments),
    Idle(IdleArguments),
    Startup(StartupArguments),
    Growth(GrowthArguments),
    Curves(CurvesArguments),
    Sharing(SharingArguments),
    Soak(SoakArguments),
    /// Puts what files say now into the blocks of a page that are marked with the files' names
    ///
    /// A mark is a line `<!-- file: PATH -->` before a code block; paths are from the root of the repository, where this is
    /// run.
    Show {
        /// Such as docs/src/performance.md
        page: PathBuf,
    },
    #[command(hide = true)]
    Server {
        job: String,
    },
    #[command(hide = true)]
    Client {
        job: String,
    },
}

/// Where Kafka is.
#[derive(Args, Debug)]
pub(crate) struct Place {
    /// A Kafka cluster, host:port[,host:port…]; without it one is booted here, which needs Java 17 and Maven
    #[arg(long, value_name = "SERVERS")]
    pub(crate) brokers: Option<String>,
    /// How many brokers are booted here; with 3 or more, topics have three replicas
    #[arg(long, value_name = "COUNT", default_value_t = 1, conflicts_with = "brokers",
        value_parser = clap::value_parser!(u32).range(1..=9))]
    pub(crate) cluster: u32,
}

/// What is measured.
#[derive(Args, Debug)]
pub(crate) struct Systems {
    /// Which systems
    #[arg(
        long = "systems",
        value_name = "SYSTEMS",
        value_enum,
        value_delimiter = ',',
        default_value = "floor,contract,kafka-rpc,grpc"
    )]
    pub(crate) names: Vec<SystemName>,
}

#[derive(Args, Debug)]
pub(crate) struct Comparison {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) systems: Systems,
    /// How many callers make one call after another; with --rate, how many calls may be pending at a time [default:
    /// 1,64,512; with --rate, 10000]
    #[arg(long, value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    concurrency: Vec<u32>,
    /// Calls a second that become due, whether or not earlier ones have ended; a call's time counts from when it was due
    #[arg(long, value_name = "CALLS")]
    rate: Option<f64>,
    /// How often everything is repeated
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,
    /// How long each run is measured
    #[arg(long, default_value = "5", value_parser = seconds)]
    seconds: Duration,
    /// Seconds of load in each run before it is measured
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    warm_up: Duration,
    /// Seconds of load of each system before the first run, in which the broker's JVM compiles what is hot
    #[arg(long, value_name = "SECONDS", default_value = "20", value_parser = seconds)]
    pub(crate) broker_warm_up: Duration,
    /// Methods of the service, over which the calls go round, each with topics of its own
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub(crate) methods: u32,
    /// Bytes of a request's body, and of its reply's
    #[arg(long, value_name = "BYTES", default_value_t = 128)]
    pub(crate) body: usize,
    /// Spreads the calls over this many keys; without it they have none
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    keys: Option<u64>,
    /// Partitions of the request topic
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) partitions: u32,
    /// Server processes
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) servers: u32,
    /// What the Kafka systems' producers wait for
    #[arg(long, value_enum, default_value_t = Acks::All)]
    acks: Acks,
    /// Whether they are idempotent; true needs --acks all
    #[arg(long, action = ArgAction::Set, default_value_t = true)]
    idempotence: bool,
    /// Sets a librdkafka property of the Kafka systems' producers; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = property)]
    producer: Vec<(String, String)>,
    /// Also writes the table to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Acks {
    /// The leader
    #[value(name = "1")]
    Leader,
    /// All in-sync replicas
    All,
}

pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|error| format!("{error}"))?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

fn property(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it has the form NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Comparison {
    /// The loads, one for each concurrency.
    pub(crate) fn loads(&self) -> anyhow::Result<Vec<Load>> {
        ensure!(!self.seconds.is_zero(), "--seconds 0 measures nothing");
        ensure!(
            self.rate.is_none_or(|rate| rate.is_finite() && rate > 0.0),
            "--rate takes a number over 0"
        );
        let defaults: &[u32] = if self.rate.is_some() {
            &[10_000]
        } else {
            &[1, 64, 512]
        };
        let concurrency = if self.concurrency.is_empty() {
            defaults
        } else {
            &self.concurrency
        };
        Ok(concurrency
            .iter()
            .map(|&concurrency| Load {
                concurrency,
                rate: self.rate,
                keys: self.keys,
                warm_up: self.warm_up,
                measured: self.seconds,
            })
            .collect())
    }

    /// What one part of the table is about.
    pub(crate) fn heading(&self, concurrency: u32) -> String {
        let mut text = match self.rate {
            Some(rate) => format!("{rate} calls a second due, at most {concurrency} pending"),
            None => format!("{concurrency} in flight"),
        };
        let _ = write!(text, ", {} B", self.body);
        if let Some(keys) = self.keys {
            let _ = write!(text, ", {keys} keys");
        }
        if self.methods > 1 {
            let _ = write!(text, ", {} methods", self.methods);
        }
        let _ = write!(text, ", {} partitions", self.partitions);
        if self.servers > 1 {
            let _ = write!(text, ", {} servers", self.servers);
        }
        if self.place.cluster > 1 {
            let _ = write!(text, ", {} brokers", self.place.cluster);
        }
        if self.acks == Acks::Leader {
            text.push_str(", acks=1");
        }
        if !self.idempotence {
            text.push_str(", not idempotent");
        }
        for (name, value) in &self.producer {
            let _ = write!(text, ", {name}={value}");
        }
        text
    }

    /// The properties of producers that differ from what kafka-rpc sets by itself.
    pub(crate) fn producer_properties(&self) -> anyhow::Result<Vec<(String, String)>> {
        ensure!(
            self.acks == Acks::All || !self.idempotence,
            "an idempotent producer waits for all replicas: say --acks 1 together with --idempotence false"
        );
        let mut properties = Vec::new();
        let mut set =
            |name: &str, value: &str| properties.push((name.to_owned(), value.to_owned()));
        if !self.idempotence {
            set("enable.idempotence", "false");
        }
        if self.acks == Acks::Leader {
            set("acks", "1");
        }
        properties.extend(self.producer.iter().cloned());
        Ok(properties)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comparison(arguments: &[&str]) -> Comparison {
        let all = ["kafka-rpc-bench", "compare"].iter().chain(arguments);
        match Arguments::try_parse_from(all).unwrap().command {
            Command::Compare(comparison) => comparison,
            other => panic!("{other:?}"),
        }
    }

    fn concurrency(arguments: &[&str]) -> Vec<u32> {
        let loads = comparison(arguments).loads().unwrap();
        loads.iter().map(|load| load.concurrency).collect()
    }

    #[test]
    fn each_concurrency_is_a_load() {
        assert_eq!(concurrency(&[]), [1, 64, 512]);
        assert_eq!(concurrency(&["--concurrency", "2,4096"]), [2, 4096]);
        assert_eq!(concurrency(&["--rate", "1000"]), [10_000]);
        assert_eq!(
            concurrency(&["--rate", "1000", "--concurrency", "50"]),
            [50]
        );
    }

    #[test]
    fn defaults_leave_the_producers_as_they_are() {
        assert_eq!(comparison(&[]).producer_properties().unwrap(), []);
        let properties =
            comparison(&["--acks", "1", "--idempotence", "false"]).producer_properties();
        assert_eq!(
            properties.unwrap(),
            [("enable.idempotence", "false"), ("acks", "1")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn a_property_is_set_over_all_else() {
        let arguments = [
            "--idempotence",
            "false",
            "--producer",
            "enable.idempotence=true",
        ];
        let properties = comparison(&arguments).producer_properties().unwrap();
        let last = properties.last().map(|(name, value)| (&**name, &**value));
        assert_eq!(last, Some(("enable.idempotence", "true")));
        assert_eq!(
            comparison(&arguments).heading(1),
            "1 in flight, 128 B, 4 partitions, not idempotent, enable.idempotence=true"
        );
    }

    #[test]
    fn an_idempotent_producer_with_one_acknowledgement_is_refused() {
        let error = comparison(&["--acks", "1"])
            .producer_properties()
            .unwrap_err();
        assert!(error.to_string().contains("--idempotence false"), "{error}");
    }

    #[test]
    fn a_load_that_measures_nothing_is_refused() {
        for arguments in [["--seconds", "0"], ["--rate", "0"], ["--rate", "NaN"]] {
            assert!(comparison(&arguments).loads().is_err(), "{arguments:?}");
        }
    }
}

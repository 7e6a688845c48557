//! What one run is set to: what its processes are told, and what they tell.

use std::fmt;
use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// A way to make calls.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SystemName {
    /// rdkafka alone
    Floor,
    /// rdkafka alone, with the headers that kafka-rpc's records have
    Contract,
    /// A service of this project
    KafkaRpc,
    /// A service of tonic over loopback
    Grpc,
}

impl SystemName {
    /// Whether it is rdkafka alone, whose topics are created for it.
    pub(crate) fn is_bare(self) -> bool {
        matches!(self, Self::Floor | Self::Contract)
    }

    pub(crate) fn needs_kafka(self) -> bool {
        self != Self::Grpc
    }
}

impl fmt::Display for SystemName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Floor => "floor",
            Self::Contract => "contract",
            Self::KafkaRpc => "kafka-rpc",
            Self::Grpc => "grpc",
        })
    }
}

/// What client and servers have in common.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Setup {
    pub(crate) system: SystemName,
    pub(crate) body: usize,
    /// Calls go round over so many.
    pub(crate) methods: u32,
    /// Whether the service streams, too.
    pub(crate) streams: bool,
    pub(crate) kafka: KafkaSetup,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct KafkaSetup {
    pub(crate) brokers: String,
    /// Begins the names of the run's topics and group.
    pub(crate) prefix: String,
    pub(crate) partitions: u32,
    pub(crate) reply_partitions: u32,
    /// Properties of producers, over the system's own.
    pub(crate) producer: Vec<(String, String)>,
}

/// What a client process is told when it starts.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct ClientJob {
    pub(crate) setup: Setup,
    /// Clients in the one process, which take turns.
    pub(crate) clients: u32,
    /// Where the servers said they are.
    pub(crate) servers: Vec<String>,
    pub(crate) server_processes: Vec<u32>,
    pub(crate) broker_processes: Vec<u32>,
}

/// What a child that runs is told next. It answers each with one line.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum Step {
    /// To make calls for a while: a [`Sample`].
    Load(Load),
    /// To make exactly so many calls: a [`Made`].
    Make { calls: u64, callers: u32 },
    /// To begin calls that nobody answers, and say when all wait: a [`Made`].
    Hold { calls: u32, timeout: Duration },
    /// To wait for the deadlines of those: a [`Made`], whose errors are the calls that ended in another way.
    Release,
    /// To read a stream of so many messages, and to stop so long behind the first: a [`Made`].
    Read { messages: u64, stop: Duration },
    /// To tell what it has allocated: an [`Allocated`](crate::allocations::Allocated), or null where nobody counts.
    CountAllocations,
}

/// The calls that a client makes.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Load {
    /// Callers of a closed loop; the most pending calls of an open one.
    pub(crate) concurrency: u32,
    /// Calls due in a second: then it is an open loop.
    pub(crate) rate: Option<f64>,
    pub(crate) keys: Option<u64>,
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
}

/// What a client found under a load.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Sample {
    pub(crate) rate_per_s: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) p999_us: f64,
    pub(crate) errors: u64,
    /// What the first error said.
    pub(crate) error: Option<String>,
    pub(crate) cpu: CpuPerCall,
    pub(crate) wake_ups: WakeUpsPerCall,
}

/// CPU time, user and system, in microseconds a call; `None` where it can't be told.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct CpuPerCall {
    pub(crate) client: Option<f64>,
    /// All servers together.
    pub(crate) server: Option<f64>,
    pub(crate) broker: Option<f64>,
}

/// How often a thread went to sleep and was woken, a call; `None` where it can't be told.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct WakeUpsPerCall {
    pub(crate) client: Option<f64>,
    /// All servers together.
    pub(crate) server: Option<f64>,
}

/// How calls of a given number went.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Made {
    pub(crate) errors: u64,
    /// What the first error said.
    pub(crate) error: Option<String>,
    pub(crate) took: Duration,
}

/// Each once, in the order in which they first come.
pub(crate) fn distinct<'a, T: Clone + PartialEq + 'a>(all: impl Iterator<Item = &'a T>) -> Vec<T> {
    let mut distinct = Vec::new();
    for one in all {
        if !distinct.contains(one) {
            distinct.push(one.clone());
        }
    }
    distinct
}

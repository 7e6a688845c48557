use clap::Parser;

/// Plays whole clients and servers in simulations, each decided by a seed, and holds what happens against what is promised.
#[derive(Debug, Parser)]
#[command(name = "kafka-rpc-sim")]
pub(crate) struct Arguments {
    /// How many seeds are played.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    pub(crate) from: u64,
    /// Plays this seed only.
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    pub(crate) seed: Option<u64>,
    /// With --seed: prints all that happens.
    #[arg(long, requires = "seed")]
    pub(crate) history: bool,
    /// With --seed: prints what the library logs, from this level on.
    #[arg(long, requires = "seed")]
    pub(crate) log: Option<String>,
    /// How many threads play.
    #[arg(long, default_value_t = 2)]
    pub(crate) threads: u64,
}

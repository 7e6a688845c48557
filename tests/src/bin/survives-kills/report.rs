use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fmt;
use std::time::Duration;

use kafka_rpc_tests::desk_server::{Run, Runs};
use kafka_rpc_tests::load::{Call, TOLERANCE};
use kafka_rpc_tests::world::World;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::options::Options;

/// A server that was killed.
pub(crate) struct Kill {
    pub(crate) server: u32,
    /// Since the Unix epoch.
    pub(crate) at: Duration,
}

/// A call that was answered so long before its server was killed has certainly been committed.
const COMMITTED: Duration = Duration::from_secs(1);
const SHOWN: usize = 20;

/// How the calls went.
pub(crate) struct Report {
    calls: usize,
    kills: usize,
    outcomes: BTreeMap<String, usize>,
    runs: usize,
    repeats: usize,
    replies: i64,
    median: Duration,
    longest: Duration,
    length: Duration,
    violations: Vec<String>,
}

impl Report {
    pub(crate) fn new(
        options: &Options,
        calls: &[Call],
        runs: &Runs,
        kills: &[Kill],
        replies: i64,
    ) -> Self {
        let mut outcomes = BTreeMap::new();
        for call in calls {
            let outcome = call.outcome.as_ref().err().map(|status| status.code());
            let name = outcome.map_or_else(|| "OK".to_owned(), |code| format!("{code:?}"));
            *outcomes.entry(name).or_default() += 1;
        }
        let mut took: Vec<Duration> = calls.iter().map(|call| call.took).collect();
        took.sort_unstable();
        let runs = runs.by_order();
        let handled: usize = runs.values().map(Vec::len).sum();
        Self {
            calls: calls.len(),
            kills: kills.len(),
            outcomes,
            runs: handled,
            repeats: handled - runs.len(),
            replies,
            median: took.get(took.len() / 2).copied().unwrap_or_default(),
            longest: took.last().copied().unwrap_or_default(),
            length: options.length,
            violations: violations(options, calls, &runs, kills),
        }
    }

    pub(crate) fn is_good(&self) -> bool {
        self.violations.is_empty() && self.calls > 0
    }
}

fn violations(
    options: &Options,
    calls: &[Call],
    runs: &BTreeMap<u32, Vec<Run>>,
    kills: &[Kill],
) -> Vec<String> {
    let mut violations = Vec::new();
    let killed: HashMap<u32, Duration> = kills.iter().map(|kill| (kill.server, kill.at)).collect();
    let mut outcomes: HashMap<u32, usize> = HashMap::new();
    for call in calls {
        *outcomes.entry(call.order).or_default() += 1;
        let order = call.order;
        if let Err(status) = &call.outcome {
            violations.push(format!("order {order}: no reply but {status}"));
        }
        if call.took > options.deadline + TOLERANCE {
            violations.push(format!("order {order}: took {:?}", call.took));
        }
        let runs = runs.get(&order).map_or(&[][..], Vec::as_slice);
        if call.outcome.is_ok() && runs.is_empty() {
            violations.push(format!("order {order}: answered, but never handled"));
        }
        for pair in runs.windows(2) {
            match killed.get(&pair[0].server) {
                Some(at) if call.ended() + COMMITTED > *at => {}
                Some(at) => violations.push(format!(
                    "order {order}: answered {:?} before its server was killed, and handled again",
                    at.saturating_sub(call.ended())
                )),
                None => violations.push(format!(
                    "order {order}: handled again although its server was not killed: {runs:?}"
                )),
            }
        }
    }
    let asked = calls.iter().map(|call| call.order + 1).max().unwrap_or(0);
    for order in 0..asked {
        let count = outcomes.get(&order).copied().unwrap_or(0);
        if count != 1 {
            violations.push(format!("order {order}: {count} outcomes"));
        }
    }
    violations
}

/// How many replies lie in the reply topics.
pub(crate) fn replies_written(world: &World, limit: Duration) -> Result<i64, Box<dyn Error>> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", world.cluster().bootstrap_servers())
        .create()?;
    let mut replies = 0;
    for method in ["Ask", "Place"] {
        let topic = world.name(&format!("tests.v1.Desk.{method}.reply"));
        let metadata = consumer.fetch_metadata(Some(&topic), limit)?;
        for partition in metadata
            .topics()
            .iter()
            .flat_map(|topic| topic.partitions())
        {
            replies += consumer.fetch_watermarks(&topic, partition.id(), limit)?.1;
        }
    }
    Ok(replies)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.calls as f64 / self.length.as_secs_f64();
        writeln!(f, "calls          {} ({rate:.0}/s)", self.calls)?;
        for (outcome, count) in &self.outcomes {
            writeln!(f, "  {outcome:<12} {count}")?;
        }
        writeln!(f, "kills          {}", self.kills)?;
        writeln!(
            f,
            "handler runs   {}, of which {} were repeats",
            self.runs, self.repeats
        )?;
        writeln!(f, "replies        {} written", self.replies)?;
        writeln!(f, "median call    {:.1?}", self.median)?;
        writeln!(f, "longest call   {:.1?}", self.longest)?;
        write!(f, "violations     {}", self.violations.len())?;
        for violation in self.violations.iter().take(SHOWN) {
            write!(f, "\n  {violation}")?;
        }
        Ok(())
    }
}

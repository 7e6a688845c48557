//! What it costs that calls take effect once.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use clap::Args;
use futures_util::future::try_join_all;
use hdrhistogram::Histogram;
use kafka_rpc::{
    Channel, Cluster, DiskStore, MemoryStore, Request, Response, Server, ServerBuilder, Status,
};
use serde::Serialize;

use crate::arguments::Place;
use crate::cpu;
use crate::json;
use crate::kafka::Kafka;
use crate::progress::Progress;
use crate::summary::{Spread, spread};
use crate::table::{aligned, micros};

/// What it costs that calls take effect once, by the store of their records, and what transactions cost. Client and server are one process
#[derive(Args, Debug)]
pub(crate) struct OnceArguments {
    #[command(flatten)]
    place: Place,
    /// Calls in flight
    #[arg(long, value_delimiter = ',', default_value = "1,64")]
    concurrency: Vec<u32>,
    /// Calls in a round, of each
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..))]
    calls: u32,
    /// How often everything is repeated
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// A folder on the disk that the file is on
    #[arg(long, default_value = ".")]
    folder: PathBuf,
    /// Also writes the figures to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[kafka_rpc::service(name = "bench.v1.Once")]
trait Once {
    /// A call like any other.
    async fn plain(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Status>;

    /// One that takes effect once.
    #[rpc(deduplicated = true)]
    async fn once(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Status>;
}

struct Echo;

impl Once for Echo {
    async fn plain(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn once(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

/// Where records are kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Kept {
    Nowhere,
    Memory,
    Topics,
    Disk,
    /// Nowhere: replies and offsets are written in transactions.
    Transactions,
}

impl Kept {
    const ALL: [Self; 5] = [
        Self::Nowhere,
        Self::Memory,
        Self::Topics,
        Self::Disk,
        Self::Transactions,
    ];
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Nowhere => "not deduplicated",
            Self::Memory => "memory",
            Self::Topics => "topics",
            Self::Disk => "disk",
            Self::Transactions => "transactions",
        })
    }
}

/// What a round of one of them showed.
#[derive(Clone, Copy, Debug)]
struct Sample {
    kept: Kept,
    concurrency: u32,
    rate: f64,
    p50: Duration,
    p99: Duration,
    cpu: Duration,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Row {
    kept: Kept,
    concurrency: u32,
    rate_per_s: Spread,
    p50_us: Spread,
    p99_us: Spread,
    /// Of client and server, for a call.
    cpu_us: Spread,
}

#[derive(Debug, Serialize)]
struct Document {
    rows: Vec<Row>,
}

const WINDOW: Duration = Duration::from_secs(3600);
const RECORDS: u64 = 256 * 1024 * 1024;
/// What each request has, and each reply.
const BYTES: usize = 100;

pub(crate) fn once(arguments: &OnceArguments) -> anyhow::Result<()> {
    let runs = Kept::ALL.len() * arguments.rounds as usize;
    let mut progress = Progress::new(runs);
    let kafka = Kafka::at(&arguments.place)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut samples = Vec::new();
    for round in 0..arguments.rounds {
        for turn in 0..Kept::ALL.len() {
            // Another is first in each round.
            let kept = Kept::ALL[(turn + round as usize) % Kept::ALL.len()];
            progress.begins(&format!(
                "round {} of {}: {kept}",
                round + 1,
                arguments.rounds
            ));
            let measuring = measure(kafka.bootstrap(), kept, round, arguments);
            let measured = runtime.block_on(measuring);
            samples.extend(measured.with_context(|| kept.to_string())?);
        }
    }
    progress.ends();
    let document = Document {
        rows: rows(&samples),
    };
    print!("{}", table(&document));
    json::write(arguments.json.as_deref(), &document)
}

async fn measure(
    bootstrap: &str,
    kept: Kept,
    round: u32,
    arguments: &OnceArguments,
) -> anyhow::Result<Vec<Sample>> {
    let prefix = format!("once-{}-{round}-{}.", std::process::id(), kept as u8);
    let cluster = Cluster::new(bootstrap).topic_prefix(prefix);
    let folder = tempfile::tempdir_in(&arguments.folder)?;
    let server = server(kept, &folder.path().join("calls.redb"))?;
    let handle = server.handle();
    let serving = tokio::spawn(server.serve(&cluster));
    handle.ready().await;
    let channel = Channel::connect(&cluster).await?;
    channel.prepare(<OnceClient>::DESCRIPTOR).await?;
    let client = OnceClient::new(channel);
    // The first calls are others': routes, partitions and caches.
    calls(&client, kept, 16, 1_000).await?;
    let mut samples = Vec::new();
    for &concurrency in &arguments.concurrency {
        let count = arguments.calls.min(concurrency * 4_000);
        let process = [std::process::id()];
        let (begun, cpu) = (Instant::now(), cpu::time_of(&process).unwrap_or_default());
        let latencies = calls(&client, kept, concurrency, count).await?;
        let time = begun.elapsed();
        let cpu = cpu::time_of(&process).unwrap_or_default() - cpu;
        let at = |quantile| Duration::from_micros(latencies.value_at_quantile(quantile));
        samples.push(Sample {
            kept,
            concurrency,
            rate: latencies.len() as f64 / time.as_secs_f64(),
            p50: at(0.5),
            p99: at(0.99),
            cpu: cpu / count,
        });
    }
    handle.shutdown();
    serving.await??;
    Ok(samples)
}

fn server(kept: Kept, file: &std::path::Path) -> anyhow::Result<ServerBuilder> {
    let server = Server::builder().add_service(OnceServer::new(Echo));
    Ok(match kept {
        Kept::Nowhere => server.deduplication_by_handlers(),
        Kept::Transactions => server.deduplication_by_handlers().transactions(true),
        Kept::Memory => server.deduplication(MemoryStore::new(WINDOW, RECORDS)),
        Kept::Topics => server.deduplication_topics(WINDOW, RECORDS),
        Kept::Disk => {
            let store = DiskStore::open(file, WINDOW, RECORDS).map_err(|error| anyhow!(error))?;
            server.deduplication(store)
        }
    })
}

/// So many callers make one call after another. Tells how long each took, in microseconds.
async fn calls(
    client: &OnceClient,
    kept: Kept,
    callers: u32,
    count: u32,
) -> anyhow::Result<Histogram<u64>> {
    let callers = (0..callers).map(|caller| {
        let mut client = client.clone();
        let own = count / callers + u32::from(caller < count % callers);
        let calling = async move {
            let mut latencies = Histogram::<u64>::new(3)?;
            for _ in 0..own {
                let (request, begun) = (vec![7; BYTES], Instant::now());
                match kept {
                    Kept::Nowhere | Kept::Transactions => client.plain(request).await?,
                    _ => client.once(request).await?,
                };
                latencies.record(begun.elapsed().as_micros() as u64)?;
            }
            anyhow::Ok(latencies)
        };
        async move { tokio::spawn(calling).await? }
    });
    let mut all = Histogram::<u64>::new(3)?;
    for latencies in try_join_all(callers).await? {
        all.add(latencies)?;
    }
    Ok(all)
}

fn rows(samples: &[Sample]) -> Vec<Row> {
    let mut concurrencies: Vec<u32> = samples.iter().map(|sample| sample.concurrency).collect();
    concurrencies.sort_unstable();
    concurrencies.dedup();
    let mut rows = Vec::new();
    for concurrency in concurrencies {
        for kept in Kept::ALL {
            let of = |figure: fn(&Sample) -> f64| {
                let same =
                    |sample: &&Sample| (sample.kept, sample.concurrency) == (kept, concurrency);
                spread(samples.iter().filter(same).map(figure))
            };
            let figures = (
                of(|sample| sample.rate),
                of(|sample| sample.p50.as_secs_f64() * 1e6),
                of(|sample| sample.p99.as_secs_f64() * 1e6),
                of(|sample| sample.cpu.as_secs_f64() * 1e6),
            );
            if let (Some(rate_per_s), Some(p50_us), Some(p99_us), Some(cpu_us)) = figures {
                rows.push(Row {
                    kept,
                    concurrency,
                    rate_per_s,
                    p50_us,
                    p99_us,
                    cpu_us,
                });
            }
        }
    }
    rows
}

fn table(document: &Document) -> String {
    let heading = [
        "in flight",
        "records",
        "calls/s",
        "p50",
        "p99",
        "CPU a call",
    ];
    let mut lines = vec![heading.map(str::to_owned).to_vec()];
    lines.extend(document.rows.iter().map(|row| {
        vec![
            row.concurrency.to_string(),
            row.kept.to_string(),
            format!("{:.0}", row.rate_per_s.median),
            micros(row.p50_us.median),
            micros(row.p99_us.median),
            micros(row.cpu_us.median),
        ]
    }));
    format!(
        "Medians. CPU is of client and server.\n\n{}",
        aligned(&lines)
    )
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn medians_of_the_rounds_are_told_by_calls_in_flight() {
        let sample = |kept, concurrency, millis| Sample {
            kept,
            concurrency,
            rate: 1_000.0 / millis as f64,
            p50: Duration::from_millis(millis),
            p99: Duration::from_millis(2 * millis),
            cpu: Duration::from_micros(40),
        };
        let samples = [
            sample(Kept::Disk, 1, 8),
            sample(Kept::Nowhere, 64, 3),
            sample(Kept::Disk, 1, 10),
            sample(Kept::Nowhere, 1, 2),
            sample(Kept::Disk, 1, 20),
        ];
        let document = Document {
            rows: rows(&samples),
        };
        expect![[r#"
            Medians. CPU is of client and server.

            in flight           records  calls/s      p50      p99  CPU a call
            1          not deduplicated      500  2.00 ms  4.00 ms     40.0 µs
            1                      disk      100  10.0 ms  20.0 ms     40.0 µs
            64         not deduplicated      333  3.00 ms  6.00 ms     40.0 µs
        "#]]
        .assert_eq(&table(&document));
    }
}

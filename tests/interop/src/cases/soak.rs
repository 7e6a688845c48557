use std::fmt;
use std::time::{Duration, Instant};

use anyhow::ensure;
use hdrhistogram::Histogram;
use kafka_rpc::Request;
use kafka_rpc_tests::fit::line;
use kafka_rpc_tests::memory::resident;

use super::unary;
use crate::arguments::Soak;
use crate::clients::Clients;

/// The failures that are printed, the first of them.
const SHOWN: usize = 20;
/// No call takes longer, in microseconds: an hour.
const LONGEST: u64 = 3_600_000_000;

pub(super) async fn soak(clients: &Clients, soak: Soak) -> anyhow::Result<()> {
    // Of a fixed size: the memory of this process is measured, too.
    let mut took = Histogram::<u64>::new_with_bounds(1, LONGEST, 3)?;
    let mut failures = 0;
    let begun = Instant::now();
    let mut memory = [
        Memory::of("client", std::process::id()),
        Memory::of("server", clients.server),
    ];
    let part = (soak.iterations / SAMPLES).max(1);
    for number in 1..=soak.iterations {
        let sent = Instant::now();
        let outcome = call(clients, soak.limit).await;
        let length = sent.elapsed();
        took.saturating_record(length.as_micros() as u64);
        tokio::time::sleep(soak.apart.saturating_sub(length)).await;
        if number % part == 0 {
            for memory in &mut memory {
                memory.look(begun.elapsed());
            }
        }
        let Err(error) = outcome else { continue };
        failures += 1;
        if failures as usize <= SHOWN {
            println!(
                "soak: call {number} failed after {}: {error:#}",
                millis(length)
            );
        }
    }
    let rate = f64::from(soak.iterations) / begun.elapsed().as_secs_f64();
    println!(
        "soak: {} calls, {failures} failed, {rate:.1}/s; p50 {}, p90 {}, p99 {}, longest {}",
        soak.iterations,
        millis(percentile(&took, 50.0)),
        millis(percentile(&took, 90.0)),
        millis(percentile(&took, 99.0)),
        millis(percentile(&took, 100.0)),
    );
    for memory in &memory {
        println!("soak: {memory}");
    }
    ensure!(
        failures <= soak.max_failures,
        "{failures} of {} calls failed, where {} may",
        soak.iterations,
        soak.max_failures
    );
    Ok(())
}

/// How often memory is looked at.
const SAMPLES: u32 = 200;
/// In a shorter time than this nobody can tell what an hour would bring.
const LEAST: Duration = Duration::from_secs(60);

/// The memory of a process, as it was at times.
struct Memory {
    name: &'static str,
    process: u32,
    samples: Vec<(Duration, u64)>,
}

impl Memory {
    fn of(name: &'static str, process: u32) -> Self {
        Self {
            name,
            process,
            samples: Vec::new(),
        }
    }

    fn look(&mut self, at: Duration) {
        self.samples
            .extend(resident(self.process).map(|bytes| (at, bytes)));
    }

    /// By how many percent of what it is it grows in an hour, by the second half.
    fn slope(&self) -> Option<f64> {
        let (last, bytes) = self.samples.last()?;
        if *last < LEAST || *bytes == 0 {
            return None;
        }
        let half = &self.samples[self.samples.len() / 2..];
        let points = half
            .iter()
            .map(|(at, bytes)| (at.as_secs_f64() / 3_600.0, *bytes as f64));
        Some(line(points)?.slope / *bytes as f64 * 100.0)
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.samples.last().map_or(0, |(_, bytes)| *bytes);
        write!(f, "{} has {} KiB", self.name, bytes / 1024)?;
        match self.slope() {
            Some(slope) => write!(f, ", and by its second half grows by {slope:.2} % an hour"),
            None => write!(f, "; how it grows shows after a minute"),
        }
    }
}

async fn call(clients: &Clients, limit: Duration) -> anyhow::Result<()> {
    let mut request = Request::new(unary::large_request());
    request.set_timeout(limit);
    let response = clients.test.clone().unary_call(request).await?;
    unary::check_large(response.into_inner())
}

/// The smallest that so many percent do not exceed.
fn percentile(took: &Histogram<u64>, percent: f64) -> Duration {
    Duration::from_micros(took.value_at_percentile(percent))
}

fn millis(length: Duration) -> String {
    format!("{:.1} ms", length.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_told_in_percent_of_the_memory_that_there_is() {
        let mut memory = Memory::of("client", 0);
        // 100 MB, and 1 MB more with each hour.
        memory.samples = (0..=60)
            .map(|minute| {
                (
                    Duration::from_secs(minute * 60),
                    100_000_000 + minute * 1_000_000 / 60,
                )
            })
            .collect();
        let slope = memory.slope().unwrap();
        assert!((slope - 100.0 / 101.0).abs() < 0.01, "{slope}");
        memory.samples.truncate(1);
        assert_eq!(memory.slope(), None);
    }
}

use std::time::{Duration, Instant};

use anyhow::ensure;
use kafka_rpc::Request;

use super::unary;
use crate::arguments::Soak;
use crate::clients::Clients;

/// The failures that are printed, the first of them.
const SHOWN: usize = 20;

pub(super) async fn soak(clients: &Clients, soak: Soak) -> anyhow::Result<()> {
    let mut took = Vec::new();
    let mut failures = 0;
    let begun = Instant::now();
    for number in 1..=soak.iterations {
        let sent = Instant::now();
        let outcome = call(clients, soak.limit).await;
        let length = sent.elapsed();
        took.push(length);
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
    took.sort_unstable();
    println!(
        "soak: {} calls, {failures} failed, {rate:.1}/s; p50 {}, p90 {}, p99 {}, longest {}",
        soak.iterations,
        millis(percentile(&took, 50)),
        millis(percentile(&took, 90)),
        millis(percentile(&took, 99)),
        millis(percentile(&took, 100)),
    );
    ensure!(
        failures <= soak.max_failures,
        "{failures} of {} calls failed, where {} may",
        soak.iterations,
        soak.max_failures
    );
    Ok(())
}

async fn call(clients: &Clients, limit: Duration) -> anyhow::Result<()> {
    let mut request = Request::new(unary::large_request());
    request.set_timeout(limit);
    let response = clients.test.clone().unary_call(request).await?;
    unary::check_large(response.into_inner())
}

/// The smallest that so many percent do not exceed.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

fn millis(length: Duration) -> String {
    format!("{:.1} ms", length.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_measured_times() {
        let sorted: Vec<_> = (1..=10).map(Duration::from_millis).collect();
        for (percent, expected) in [(50, 5), (90, 9), (99, 10), (100, 10)] {
            assert_eq!(
                percentile(&sorted, percent),
                Duration::from_millis(expected)
            );
        }
        assert_eq!(percentile(&sorted[..1], 50), Duration::from_millis(1));
    }
}

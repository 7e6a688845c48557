use std::time::Duration;

use anyhow::Context as _;
use hdrhistogram::Histogram;
use parking_lot::Mutex;
use tokio::time::Instant;

/// Calls that were due within the measured time, and how they ended.
pub(crate) struct Recorder {
    begin: Instant,
    end: Instant,
    /// Several, so that callers on different threads seldom wait for each other.
    shards: [Mutex<Shard>; SHARDS],
}

const SHARDS: usize = 16;

struct Shard {
    /// In nanoseconds.
    latencies: Histogram<u64>,
    /// Calls that succeeded while it was measured, whenever they were due.
    completed: u64,
    errors: u64,
    first_error: Option<String>,
}

/// What was recorded.
#[derive(Debug)]
pub(crate) struct Recorded {
    latencies: Histogram<u64>,
    measured: Duration,
    pub(crate) completed: u64,
    pub(crate) errors: u64,
    pub(crate) first_error: Option<String>,
}

impl Recorder {
    pub(crate) fn new(begin: Instant, end: Instant) -> anyhow::Result<Self> {
        // 1 µs to a minute, to a tenth of a percent.
        let latencies = Histogram::new_with_bounds(1_000, 60_000_000_000, 3)
            .context("can't set up the histogram of latencies")?;
        let shards = std::array::from_fn(|_| {
            Mutex::new(Shard {
                latencies: latencies.clone(),
                completed: 0,
                errors: 0,
                first_error: None,
            })
        });
        Ok(Self { begin, end, shards })
    }

    /// A call that was due at `due` has ended at `ended`.
    pub(crate) fn record(
        &self,
        caller: usize,
        due: Instant,
        ended: Instant,
        outcome: anyhow::Result<()>,
    ) {
        let mut shard = self.shards[caller % SHARDS].lock();
        if outcome.is_ok() && self.measures(ended) {
            shard.completed += 1;
        }
        if !self.measures(due) {
            return;
        }
        match outcome {
            Ok(()) => {
                let nanos = ended.saturating_duration_since(due).as_nanos();
                shard
                    .latencies
                    .saturating_record(u64::try_from(nanos).unwrap_or(u64::MAX));
            }
            Err(error) => shard.fail(1, || format!("{error:#}")),
        }
    }

    /// Calls that were due within the measured time have no outcome and are given up.
    pub(crate) fn record_unfinished(&self, calls: u64) {
        if calls > 0 {
            self.shards[0]
                .lock()
                .fail(calls, || "calls had not ended in time".to_owned());
        }
    }

    pub(crate) fn measures(&self, moment: Instant) -> bool {
        self.begin <= moment && moment < self.end
    }

    pub(crate) fn recorded(&self) -> Recorded {
        let mut sum = Recorded {
            latencies: Histogram::new_from(&self.shards[0].lock().latencies),
            measured: self.end - self.begin,
            completed: 0,
            errors: 0,
            first_error: None,
        };
        for shard in &self.shards {
            let shard = shard.lock();
            // All have the same bounds, so it always fits.
            sum.latencies += &shard.latencies;
            sum.completed += shard.completed;
            sum.errors += shard.errors;
            sum.first_error = sum.first_error.or_else(|| shard.first_error.clone());
        }
        sum
    }
}

impl Shard {
    fn fail(&mut self, calls: u64, why: impl FnOnce() -> String) {
        self.errors += calls;
        self.first_error.get_or_insert_with(why);
    }
}

impl Recorded {
    pub(crate) fn rate_per_s(&self) -> f64 {
        self.completed as f64 / self.measured.as_secs_f64()
    }

    /// The latency that this share of the successful calls kept within, in microseconds.
    pub(crate) fn quantile_us(&self, share: f64) -> f64 {
        self.latencies.value_at_quantile(share) as f64 / 1_000.0
    }

    #[cfg(test)]
    pub(crate) fn calls(&self) -> u64 {
        self.latencies.len()
    }

    #[cfg(test)]
    pub(crate) fn slower_than(&self, limit: Duration) -> u64 {
        let nanos = u64::try_from(limit.as_nanos()).unwrap();
        self.latencies.len() - self.latencies.count_between(0, nanos)
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_call_counts_where_it_was_due_and_the_rate_where_it_ended() {
        let begin = Instant::now();
        let recorder = Recorder::new(begin, begin + SECOND * 2).unwrap();
        // Due before, ended within; due and ended within; due within, ended after.
        recorder.record(0, begin - SECOND, begin + SECOND, Ok(()));
        recorder.record(1, begin, begin + SECOND, Ok(()));
        recorder.record(17, begin + SECOND, begin + SECOND * 3, Ok(()));
        let recorded = recorder.recorded();
        assert_eq!((recorded.completed, recorded.calls()), (2, 2));
        assert!((recorded.rate_per_s() - 1.0).abs() < 1e-9);
        assert!((recorded.quantile_us(0.5) / 1e6 - 1.0).abs() < 0.002);
        assert!((recorded.quantile_us(1.0) / 1e6 - 2.0).abs() < 0.002);
    }

    #[test]
    fn errors_are_counted_apart_and_the_first_is_told() {
        let begin = Instant::now();
        let recorder = Recorder::new(begin, begin + SECOND).unwrap();
        recorder.record(0, begin - SECOND, begin, Err(anyhow!("too early to count")));
        recorder.record(0, begin, begin, Err(anyhow!("refused").context("send")));
        recorder.record(0, begin, begin, Err(anyhow!("later")));
        recorder.record_unfinished(3);
        let recorded = recorder.recorded();
        assert_eq!(
            (recorded.errors, recorded.completed, recorded.calls()),
            (5, 0, 0)
        );
        assert_eq!(recorded.first_error.as_deref(), Some("send: refused"));
    }
}

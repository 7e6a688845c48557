//! From the samples of all rounds to the rows of the table.

use serde::Serialize;

use crate::setup::{CpuPerCall, Sample, SystemName, WakeUpsPerCall};

/// One system under one load in one round.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) round: u32,
    pub(crate) concurrency: u32,
    pub(crate) system: SystemName,
    pub(crate) sample: Sample,
}

/// One system under one load, over all rounds.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) system: SystemName,
    pub(crate) concurrency: u32,
    /// Medians; of the errors it is the sum, and the first of what they said.
    pub(crate) sample: Sample,
    /// `None` for the floor itself, and without it.
    pub(crate) to_floor: Option<Ratios>,
}

/// Each to the floor's of the same round.
#[derive(Debug)]
pub(crate) struct Ratios {
    pub(crate) rate: Option<Spread>,
    pub(crate) p50: Option<Spread>,
    pub(crate) p99: Option<Spread>,
    /// Of client and servers together.
    pub(crate) cpu: Option<Spread>,
}

/// A figure over the rounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

/// In the order of the first round.
pub(crate) fn rows(runs: &[Run]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for run in runs {
        let (concurrency, system) = (run.concurrency, run.system);
        if !rows
            .iter()
            .any(|row| (row.concurrency, row.system) == (concurrency, system))
        {
            rows.push(row(runs, concurrency, system));
        }
    }
    rows
}

fn row(runs: &[Run], concurrency: u32, system: SystemName) -> Row {
    let of = |system| {
        runs.iter()
            .filter(move |run| (run.concurrency, run.system) == (concurrency, system))
    };
    let samples: Vec<&Sample> = of(system).map(|run| &run.sample).collect();
    let pairs: Vec<(&Sample, &Sample)> = of(system)
        .filter_map(|run| {
            let floor = of(SystemName::Floor).find(|floor| floor.round == run.round)?;
            Some((&run.sample, &floor.sample))
        })
        .collect();
    Row {
        system,
        concurrency,
        sample: medians(&samples),
        to_floor: (system != SystemName::Floor && !pairs.is_empty()).then(|| ratios(&pairs)),
    }
}

pub(crate) fn medians(samples: &[&Sample]) -> Sample {
    let median = |figure: fn(&Sample) -> Option<f64>| {
        spread(samples.iter().filter_map(|sample| figure(sample))).map(|spread| spread.median)
    };
    Sample {
        rate_per_s: median(|sample| Some(sample.rate_per_s)).unwrap_or_default(),
        p50_us: median(|sample| Some(sample.p50_us)).unwrap_or_default(),
        p99_us: median(|sample| Some(sample.p99_us)).unwrap_or_default(),
        p999_us: median(|sample| Some(sample.p999_us)).unwrap_or_default(),
        errors: samples.iter().map(|sample| sample.errors).sum(),
        error: samples.iter().find_map(|sample| sample.error.clone()),
        cpu: CpuPerCall {
            client: median(|sample| sample.cpu.client),
            server: median(|sample| sample.cpu.server),
            broker: median(|sample| sample.cpu.broker),
        },
        wake_ups: WakeUpsPerCall {
            client: median(|sample| sample.wake_ups.client),
            server: median(|sample| sample.wake_ups.server),
        },
    }
}

fn ratios(pairs: &[(&Sample, &Sample)]) -> Ratios {
    let ratio = |figure: fn(&Sample) -> Option<f64>| {
        spread(
            pairs
                .iter()
                .filter_map(|(ours, floor)| Some(figure(ours)? / figure(floor)?)),
        )
    };
    Ratios {
        rate: ratio(|sample| Some(sample.rate_per_s)),
        p50: ratio(|sample| Some(sample.p50_us)),
        p99: ratio(|sample| Some(sample.p99_us)),
        cpu: ratio(|sample| Some(sample.cpu.client? + sample.cpu.server?)),
    }
}

/// `None` where no round has the figure.
pub(crate) fn spread(figures: impl Iterator<Item = f64>) -> Option<Spread> {
    // Nothing divided by nothing is no figure.
    let mut figures: Vec<f64> = figures.filter(|figure| figure.is_finite()).collect();
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    Some(Spread {
        least: *figures.first()?,
        most: *figures.last()?,
        median: if figures.len() % 2 == 1 {
            figures[middle]
        } else {
            f64::midpoint(figures[middle - 1], figures[middle])
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(round: u32, system: SystemName, rate_per_s: f64, p50_us: f64) -> Run {
        Run {
            round,
            concurrency: 64,
            system,
            sample: Sample {
                rate_per_s,
                p50_us,
                ..Sample::default()
            },
        }
    }

    #[test]
    fn a_ratio_is_taken_within_each_round() {
        use SystemName::{Floor, KafkaRpc};
        // The machine is slower in the second round, for both.
        let runs = [
            run(1, Floor, 1000.0, 10.0),
            run(1, KafkaRpc, 900.0, 11.0),
            run(2, KafkaRpc, 450.0, 24.0),
            run(2, Floor, 500.0, 20.0),
            run(3, Floor, 2000.0, 5.0),
            run(3, KafkaRpc, 1600.0, 5.0),
        ];
        let rows = rows(&runs);
        assert_eq!(rows.len(), 2);
        assert!(rows[0].to_floor.is_none());
        assert_eq!(rows[1].sample.rate_per_s, 900.0);
        let ratios = rows[1].to_floor.as_ref().unwrap();
        let (median, least, most) = (0.9, 0.8, 0.9);
        assert_eq!(
            ratios.rate,
            Some(Spread {
                median,
                least,
                most
            })
        );
        let (median, least, most) = (1.1, 1.0, 1.2);
        assert_eq!(
            ratios.p50,
            Some(Spread {
                median,
                least,
                most
            })
        );
        assert_eq!(ratios.cpu, None, "no round tells it");
    }

    #[test]
    fn the_median_of_two_is_between_them_and_errors_add_up() {
        let mut runs = [
            run(1, SystemName::Grpc, 10.0, 1.0),
            run(2, SystemName::Grpc, 20.0, 3.0),
        ];
        runs[0].sample.errors = 1;
        runs[1].sample.errors = 2;
        runs[1].sample.error = Some("refused".to_owned());
        let rows = rows(&runs);
        let sample = &rows[0].sample;
        assert_eq!(
            (sample.rate_per_s, sample.p50_us, sample.errors),
            (15.0, 2.0, 3)
        );
        assert_eq!(sample.error.as_deref(), Some("refused"));
        assert!(rows[0].to_floor.is_none(), "there is no floor");
    }
}

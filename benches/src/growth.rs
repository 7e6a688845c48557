//! What the cost of a call depends on, and what it must not depend on.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::arguments::{Place, seconds};
use crate::json;
use crate::progress::Progress;
use crate::setup::{Load, Sample, SystemName};
use crate::stage::{Scene, Settings, Stage};
use crate::summary::medians;
use crate::table::{aligned, digits, grouped, micros};

/// The cost of a call while more and more calls are pending, and over more and more methods and keys
///
/// Calls become due at one rate everywhere, so that none gets cheaper by sharing more with others. What grows takes turns,
/// round by round.
#[derive(Args, Debug)]
pub(crate) struct GrowthArguments {
    #[command(flatten)]
    place: Place,
    /// What grows
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "pending,methods,keys"
    )]
    over: Vec<Axis>,
    /// Calls a second that become due [default: 10000 over pending, 2000 over keys, 200 over methods, of which many are hard on
    /// the broker]
    #[arg(long, value_name = "CALLS", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// How often everything is repeated
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How long each run is measured
    #[arg(long, default_value = "5", value_parser = seconds)]
    seconds: Duration,
    /// Seconds of load in each run before it is measured
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    warm_up: Duration,
    /// Seconds of load of each system before the first run, in which the broker's JVM compiles what is hot
    #[arg(long, value_name = "SECONDS", default_value = "20", value_parser = seconds)]
    broker_warm_up: Duration,
    /// Also writes the figures to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
enum Axis {
    /// Calls that nobody answers, of which so many wait beside those that are measured
    Pending,
    /// Methods, over which the calls go round
    Methods,
    /// Keys, over which the calls are spread
    Keys,
}

impl Axis {
    fn values(self) -> &'static [u32] {
        match self {
            Self::Pending => &[0, 1_000, 10_000, 100_000],
            Self::Methods => &[1, 10, 50, 200],
            Self::Keys => &[1, 10, 1_000],
        }
    }

    /// High, so that what grows would show beside what it costs to wake up; but not too much for anybody.
    fn rate(self) -> u32 {
        match self {
            Self::Pending => 10_000,
            Self::Keys => 2_000,
            Self::Methods => 200,
        }
    }

    fn heading(self) -> &'static str {
        match self {
            Self::Pending => "pending besides",
            Self::Methods => "methods",
            Self::Keys => "keys",
        }
    }
}

#[derive(Debug, Serialize)]
struct Document {
    rows: Vec<Row>,
}

/// Medians over the rounds.
#[derive(Debug, Serialize)]
struct Row {
    over: Axis,
    value: u32,
    /// Calls a second that became due.
    rate: u32,
    sample: Sample,
}

pub(crate) fn growth(arguments: &GrowthArguments) -> anyhow::Result<()> {
    ensure!(!arguments.seconds.is_zero(), "--seconds 0 measures nothing");
    let points: Vec<(Axis, u32)> = arguments
        .over
        .iter()
        .flat_map(|axis| axis.values().iter().map(|value| (*axis, *value)))
        .collect();
    let mut progress = Progress::new(points.len() * arguments.rounds as usize);
    let mut stage = Stage::new(&arguments.place, &progress)?;
    if let Some((axis, _)) = points.first() {
        let load = arguments.load(*axis);
        let systems = [SystemName::KafkaRpc];
        stage.warm_up(&systems, &load, arguments.broker_warm_up, &progress)?;
    }

    let mut samples = vec![Vec::new(); points.len()];
    for round in 1..=arguments.rounds {
        for ((axis, value), samples) in points.iter().zip(&mut samples) {
            let what = format!("{} {}", grouped(f64::from(*value)), axis.heading());
            progress.begins(&format!("round {round} of {}: {what}", arguments.rounds));
            let sample = arguments.run(&mut stage, *axis, *value).context(what)?;
            samples.push(sample);
        }
    }
    progress.ends();

    let rows = points.iter().zip(&samples);
    let document = Document {
        rows: rows
            .map(|((over, value), samples)| Row {
                over: *over,
                value: *value,
                rate: arguments.rate(*over),
                sample: medians(&samples.iter().collect::<Vec<_>>()),
            })
            .collect(),
    };
    print!("{}", table(&document));
    json::write(arguments.json.as_deref(), &document)
}

impl GrowthArguments {
    fn rate(&self, axis: Axis) -> u32 {
        self.rate.unwrap_or_else(|| axis.rate())
    }

    fn load(&self, axis: Axis) -> Load {
        let rate = self.rate(axis);
        Load {
            // A second's.
            concurrency: rate,
            rate: Some(rate.into()),
            keys: None,
            warm_up: self.warm_up,
            measured: self.seconds,
        }
    }

    fn run(&self, stage: &mut Stage, axis: Axis, value: u32) -> anyhow::Result<Sample> {
        let settings = Settings {
            methods: if axis == Axis::Methods { value } else { 1 },
            ..Settings::default()
        };
        let mut load = self.load(axis);
        if axis == Axis::Keys {
            load.keys = Some(value.into());
        }
        stage.run(&settings, |scene| match axis {
            Axis::Pending => beside(scene, &load, value),
            Axis::Methods | Axis::Keys => scene.client(1)?.load(&load),
        })
    }
}

/// Measures while other calls wait for an answer that does not come.
fn beside(scene: &Scene, load: &Load, waiting: u32) -> anyhow::Result<Sample> {
    let mut client = scene.client(1)?;
    if waiting > 0 {
        // They end with the client, after all is measured.
        let held = client.hold(waiting, Duration::from_secs(3_600))?;
        let error = held.error.unwrap_or_default();
        ensure!(
            held.errors == 0,
            "{} calls did not wait: {error}",
            held.errors
        );
    }
    client.load(load)
}

fn table(document: &Document) -> String {
    let mut text = "CPU, user and system, and wake-ups of threads are for a call.\n".to_owned();
    for group in document.rows.chunk_by(|a, b| a.over == b.over) {
        let mut lines = vec![
            [
                group[0].over.heading(),
                "calls/s",
                "p50",
                "p99",
                "errors",
                "client CPU",
                "server CPU",
                "client wake-ups",
            ]
            .map(str::to_owned)
            .to_vec(),
        ];
        let or_dash = |figure: Option<f64>, text: fn(f64) -> String| {
            figure.map_or_else(|| "-".to_owned(), text)
        };
        lines.extend(group.iter().map(|Row { value, sample, .. }| {
            vec![
                grouped(f64::from(*value)),
                grouped(sample.rate_per_s),
                micros(sample.p50_us),
                micros(sample.p99_us),
                sample.errors.to_string(),
                or_dash(sample.cpu.client, micros),
                or_dash(sample.cpu.server, micros),
                or_dash(sample.wake_ups.client, digits),
            ]
        }));
        let rate = grouped(group[0].rate.into());
        let _ = write!(text, "\n{rate} calls a second\n{}", aligned(&lines));
        for row in group {
            if let Some(error) = &row.sample.error {
                let _ = writeln!(text, "an error at {}: {error}", row.value);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::setup::{CpuPerCall, WakeUpsPerCall};

    fn row(over: Axis, value: u32, client: f64) -> Row {
        Row {
            over,
            value,
            rate: over.rate(),
            sample: Sample {
                rate_per_s: 10_000.0,
                p50_us: 700.0,
                p99_us: 2_100.0,
                cpu: CpuPerCall {
                    client: Some(client),
                    ..CpuPerCall::default()
                },
                wake_ups: WakeUpsPerCall {
                    client: Some(1.5),
                    server: None,
                },
                ..Sample::default()
            },
        }
    }

    #[test]
    fn each_axis_is_a_table_of_its_own() {
        let mut document = Document {
            rows: vec![
                row(Axis::Pending, 0, 9.5),
                row(Axis::Pending, 100_000, 9.75),
                row(Axis::Keys, 1, 10.0),
            ],
        };
        document.rows[2].sample.errors = 1;
        document.rows[2].sample.error = Some("refused".to_owned());
        expect![[r#"
            CPU, user and system, and wake-ups of threads are for a call.

            10,000 calls a second
            pending besides  calls/s     p50      p99  errors  client CPU  server CPU  client wake-ups
            0                 10,000  700 µs  2.10 ms       0     9.50 µs           -             1.50
            100,000           10,000  700 µs  2.10 ms       0     9.75 µs           -             1.50

            2,000 calls a second
            keys  calls/s     p50      p99  errors  client CPU  server CPU  client wake-ups
            1      10,000  700 µs  2.10 ms       1     10.0 µs           -             1.50
            an error at 1: refused
        "#]]
        .assert_eq(&table(&document));
    }
}

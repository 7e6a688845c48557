//! How speed depends on what one can set, as plots.

mod plot;
mod sweep;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Args;
use serde::Serialize;

use crate::arguments::{Place, seconds};
use crate::json;
use crate::progress::Progress;
use crate::setup::{Load, Sample, SystemName, distinct};
use crate::stage::{Settings, Stage};
use crate::summary::medians;
use crate::table::{aligned, grouped, micros};
use plot::Plot;
use sweep::{Sweep, SweepName};

/// Measures over linger, acknowledgements, partitions, compression, body sizes and calls in flight, and draws the curves
///
/// Writes two plots for each, of the rate and of the latency, and the figures as JSON beside them.
#[derive(Args, Debug)]
pub(crate) struct CurvesArguments {
    #[command(flatten)]
    place: Place,
    /// Which curves
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "in-flight,linger,acks,partitions,compression,body"
    )]
    only: Vec<SweepName>,
    /// The folder for a rate.svg, a latency.svg and a .json of each curve, such as docs/src/performance
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// How often everything is repeated
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How long each run is measured
    #[arg(long, default_value = "3", value_parser = seconds)]
    seconds: Duration,
    /// Seconds of load in each run before it is measured
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    warm_up: Duration,
    /// Seconds of load of each system before the first run, in which the broker's JVM compiles what is hot
    #[arg(long, value_name = "SECONDS", default_value = "20", value_parser = seconds)]
    broker_warm_up: Duration,
}

/// The medians of one curve's points over the rounds.
#[derive(Debug, Serialize)]
struct Document {
    name: SweepName,
    /// What lies on the axis.
    over: &'static str,
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    line: String,
    at: String,
    system: SystemName,
    concurrency: u32,
    body: usize,
    #[serde(flatten)]
    sample: Sample,
}

pub(crate) fn curves(arguments: &CurvesArguments) -> anyhow::Result<()> {
    ensure!(!arguments.seconds.is_zero(), "--seconds 0 measures nothing");
    let sweeps: Vec<Sweep> = arguments.only.iter().map(|name| name.sweep()).collect();
    let points = sweeps.iter().map(|sweep| sweep.points.len()).sum::<usize>();
    let mut progress = Progress::new(points * arguments.rounds as usize);
    fs::create_dir_all(&arguments.out)
        .with_context(|| format!("can't make {}", arguments.out.display()))?;
    let mut stage = Stage::new(&arguments.place, &progress)?;
    let measured = sweeps.iter().flat_map(|sweep| &sweep.points);
    let systems = distinct(measured.map(|point| &point.settings.system));
    stage.warm_up(
        &systems,
        &arguments.load(64),
        arguments.broker_warm_up,
        &progress,
    )?;

    // A curve is done before the next one begins: what is compared is measured close together.
    for sweep in &sweeps {
        let mut samples = vec![Vec::new(); sweep.points.len()];
        for round in 1..=arguments.rounds {
            for (point, samples) in sweep.points.iter().zip(&mut samples) {
                let what = format!("{}: {}, {}", sweep.over, point.at, point.line);
                progress.begins(&format!("round {round} of {}: {what}", arguments.rounds));
                let load = arguments.load(point.concurrency);
                let sample = stage.run(&point.settings, |scene| scene.client(1)?.load(&load));
                samples.push(sample.context(what)?);
            }
        }
        let document = document(sweep, &samples);
        progress.clear();
        println!("{}", table(&document));
        write(&arguments.out, sweep, &document)?;
    }
    progress.ends();
    Ok(())
}

impl CurvesArguments {
    fn load(&self, concurrency: u32) -> Load {
        Load {
            concurrency,
            rate: None,
            keys: None,
            warm_up: self.warm_up,
            measured: self.seconds,
        }
    }
}

fn document(sweep: &Sweep, samples: &[Vec<Sample>]) -> Document {
    let rows = sweep.points.iter().zip(samples);
    Document {
        name: sweep.name,
        over: sweep.over,
        rows: rows
            .map(|(point, samples)| Row {
                line: point.line.clone(),
                at: point.at.clone(),
                system: point.settings.system,
                concurrency: point.concurrency,
                body: point.settings.body,
                sample: medians(&samples.iter().collect::<Vec<_>>()),
            })
            .collect(),
    }
}

fn write(folder: &Path, sweep: &Sweep, document: &Document) -> anyhow::Result<()> {
    let Settings { body, .. } = Settings::default();
    let subject = match sweep.name {
        SweepName::Body | SweepName::Compression => String::new(),
        _ => format!(", {body} B"),
    };
    let plot = |title: String, unit: &str, logarithmic| Plot {
        title,
        over: sweep.over.to_owned(),
        unit: unit.to_owned(),
        logarithmic,
        at: sweep.places(),
        lines: Vec::new(),
    };
    let decades = matches!(sweep.name, SweepName::InFlight | SweepName::Body);
    let mut rate = plot(format!("Rate{subject}"), "calls a second", decades);
    let mut latency = plot(
        format!("Latency{subject}"),
        "milliseconds: median, and 99th percentile (dashed)",
        true,
    );
    for line in sweep.lines() {
        let of = |figure: fn(&Sample) -> f64| {
            let rows = document.rows.iter().filter(|row| row.line == line);
            let place = |row: &Row| sweep.places().iter().position(|at| *at == row.at);
            rows.filter_map(|row| Some((place(row)?, figure(&row.sample))))
                .collect()
        };
        rate.lines.push(plot::Line {
            name: line.clone(),
            points: of(|sample| sample.rate_per_s),
            dashed: Vec::new(),
        });
        latency.lines.push(plot::Line {
            name: line.clone(),
            points: of(|sample| sample.p50_us / 1e3),
            dashed: of(|sample| sample.p99_us / 1e3),
        });
    }
    let name = sweep.name;
    for (plot, which) in [(rate, "rate"), (latency, "latency")] {
        let file = folder.join(format!("{name}-{which}.svg"));
        let svg = plot
            .svg()
            .with_context(|| format!("can't draw {}", file.display()))?;
        fs::write(&file, svg).with_context(|| format!("can't write {}", file.display()))?;
    }
    json::write(Some(&folder.join(format!("{name}.json"))), document)
}

fn table(document: &Document) -> String {
    let mut lines = vec![
        ["", document.over, "calls/s", "p50", "p99", "errors"]
            .map(str::to_owned)
            .to_vec(),
    ];
    lines.extend(document.rows.iter().map(|row| {
        vec![
            row.line.clone(),
            row.at.clone(),
            grouped(row.sample.rate_per_s),
            micros(row.sample.p50_us),
            micros(row.sample.p99_us),
            row.sample.errors.to_string(),
        ]
    }));
    aligned(&lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_two_plots_and_its_figures() {
        let sweep = SweepName::Acks.sweep();
        let sample = |errors| Sample {
            rate_per_s: 1_000.0,
            p50_us: 900.0,
            p99_us: 2_000.0,
            errors,
            ..Sample::default()
        };
        let samples = vec![vec![sample(0), sample(1)]; sweep.points.len()];
        let document = document(&sweep, &samples);
        assert!(document.rows.iter().all(|row| row.sample.errors == 1));
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &sweep, &document).unwrap();
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(read("acks-rate.svg").contains("calls a second"));
        assert!(read("acks-latency.svg").contains("milliseconds"));
        let figures: serde_json::Value = serde_json::from_str(&read("acks.json")).unwrap();
        assert_eq!(
            figures["rows"].as_array().unwrap().len(),
            sweep.points.len()
        );
        assert_eq!(figures["rows"][0]["p50_us"], 900.0);
        assert!(table(&document).contains("64 in flight"));
    }
}

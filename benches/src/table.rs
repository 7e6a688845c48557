//! The rows as text.

use std::fmt::Write as _;

use crate::arguments::Comparison;
use crate::setup::Sample;
use crate::summary::{Ratios, Row, Spread};

/// All rows, those of one concurrency together.
pub(crate) fn table(comparison: &Comparison, rows: &[Row]) -> String {
    let mut text = format!(
        "Medians of {} rounds, ratios with the least and the most of a round; CPU, user and system, and wake-ups of threads are \
         for a call.\n",
        comparison.rounds
    );
    for group in rows.chunk_by(|a, b| a.concurrency == b.concurrency) {
        let heading = comparison.heading(group[0].concurrency);
        let _ = write!(text, "\n{heading}\n{}", aligned(&figures(group)));
        if group.iter().any(|row| row.to_floor.is_some()) {
            let _ = write!(text, "\n{}", aligned(&ratios(group)));
        }
        for row in group {
            if let Some(error) = &row.sample.error {
                let _ = writeln!(text, "an error of {}: {error}", row.system);
            }
        }
    }
    text
}

fn figures(rows: &[Row]) -> Vec<Vec<String>> {
    let heading = [
        "",
        "calls/s",
        "p50",
        "p99",
        "p99.9",
        "errors",
        "client CPU",
        "server CPU",
        "broker CPU",
        "client wake-ups",
        "server wake-ups",
    ];
    let mut lines = vec![heading.map(str::to_owned).to_vec()];
    lines.extend(rows.iter().map(|row| {
        let Sample {
            rate_per_s,
            p50_us,
            p99_us,
            p999_us,
            errors,
            error: _,
            cpu: _,
            wake_ups,
        } = &row.sample;
        let cpu = |time: Option<f64>| time.map_or_else(|| "-".to_owned(), micros);
        let wakes = |times: Option<f64>| times.map_or_else(|| "-".to_owned(), digits);
        vec![
            row.system.to_string(),
            grouped(*rate_per_s),
            micros(*p50_us),
            micros(*p99_us),
            micros(*p999_us),
            errors.to_string(),
            cpu(row.sample.cpu.client),
            cpu(row.sample.cpu.server),
            cpu(row.sample.cpu.broker),
            wakes(wake_ups.client),
            wakes(wake_ups.server),
        ]
    }));
    lines
}

fn ratios(rows: &[Row]) -> Vec<Vec<String>> {
    let heading = [
        "to the floor",
        "calls/s",
        "p50",
        "p99",
        "client + server CPU",
    ];
    let mut lines = vec![heading.map(str::to_owned).to_vec()];
    for row in rows {
        if let Some(Ratios {
            rate,
            p50,
            p99,
            cpu,
        }) = &row.to_floor
        {
            let mut line = vec![row.system.to_string()];
            line.extend(
                [rate, p50, p99, cpu].map(|ratio| ratio.map_or_else(|| "-".to_owned(), spread)),
            );
            lines.push(line);
        }
    }
    lines
}

pub(crate) fn spread(ratio: Spread) -> String {
    format!(
        "{:.2} ({:.2} to {:.2})",
        ratio.median, ratio.least, ratio.most
    )
}

/// Three digits and a unit.
pub(crate) fn micros(micros: f64) -> String {
    let (value, unit) = match micros {
        ..1e3 => (micros, "µs"),
        ..1e6 => (micros / 1e3, "ms"),
        _ => (micros / 1e6, "s"),
    };
    format!("{} {unit}", digits(value))
}

/// Three digits of a number below a thousand.
pub(crate) fn digits(value: f64) -> String {
    let decimals = match value {
        ..10.0 => 2,
        ..100.0 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

/// A whole number, its digits in groups of three.
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Columns: the first to the left, the others to the right.
pub(crate) fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        lines
            .iter()
            .filter_map(|line| line.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for line in lines {
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let _ = if column == 0 {
                write!(text, "{cell:<width$}")
            } else {
                write!(text, "  {cell:>width$}")
            };
        }
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use expect_test::expect;

    use super::*;
    use crate::arguments::{Arguments, Command};
    use crate::setup::{CpuPerCall, SystemName, WakeUpsPerCall};
    use crate::summary::{Run, rows};

    fn comparison(arguments: &[&str]) -> Comparison {
        let all = ["kafka-rpc-bench", "compare"].iter().chain(arguments);
        match Arguments::parse_from(all).command {
            Command::Compare(comparison) => comparison,
            other => panic!("{other:?}"),
        }
    }

    fn run(round: u32, concurrency: u32, system: SystemName, scale: f64) -> Run {
        Run {
            round,
            concurrency,
            system,
            sample: Sample {
                rate_per_s: 32_100.0 / scale,
                p50_us: 812.4 * scale,
                p99_us: 1_712.0 * scale,
                p999_us: 25_040.0 * scale,
                errors: 0,
                error: None,
                cpu: CpuPerCall {
                    client: Some(9.5 * scale),
                    server: Some(7.25 * scale),
                    broker: (system != SystemName::Grpc).then_some(21.0),
                },
                wake_ups: WakeUpsPerCall {
                    client: Some(0.5),
                    server: None,
                },
            },
        }
    }

    #[test]
    fn each_concurrency_has_its_figures_and_the_ratios_to_the_floor() {
        let mut runs = vec![
            run(1, 64, SystemName::Floor, 1.0),
            run(1, 64, SystemName::KafkaRpc, 1.25),
            run(1, 64, SystemName::Grpc, 0.5),
            run(2, 64, SystemName::Floor, 1.0),
            run(2, 64, SystemName::KafkaRpc, 1.5),
            run(2, 64, SystemName::Grpc, 0.5),
            run(1, 512, SystemName::Grpc, 2_000.0),
        ];
        runs[4].sample.errors = 3;
        runs[4].sample.error = Some("no reply came before the deadline".to_owned());
        expect![[r#"
            Medians of 3 rounds, ratios with the least and the most of a round; CPU, user and system, and wake-ups of threads are for a call.

            64 in flight, 128 B, 4 partitions
                       calls/s      p50      p99    p99.9  errors  client CPU  server CPU  broker CPU  client wake-ups  server wake-ups
            floor       32,100   812 µs  1.71 ms  25.0 ms       0     9.50 µs     7.25 µs     21.0 µs             0.50                -
            kafka-rpc   23,540  1.12 ms  2.35 ms  34.4 ms       3     13.1 µs     9.97 µs     21.0 µs             0.50                -
            grpc        64,200   406 µs   856 µs  12.5 ms       0     4.75 µs     3.62 µs           -             0.50                -

            to the floor              calls/s                  p50                  p99  client + server CPU
            kafka-rpc     0.73 (0.67 to 0.80)  1.38 (1.25 to 1.50)  1.38 (1.25 to 1.50)  1.38 (1.25 to 1.50)
            grpc          2.00 (2.00 to 2.00)  0.50 (0.50 to 0.50)  0.50 (0.50 to 0.50)  0.50 (0.50 to 0.50)
            an error of kafka-rpc: no reply came before the deadline

            512 in flight, 128 B, 4 partitions
                  calls/s     p50     p99   p99.9  errors  client CPU  server CPU  broker CPU  client wake-ups  server wake-ups
            grpc       16  1.62 s  3.42 s  50.1 s       0     19.0 ms     14.5 ms           -             0.50                -
        "#]]
        .assert_eq(&table(&comparison(&[]), &rows(&runs)));
    }

    #[test]
    fn the_heading_tells_what_is_not_the_default() {
        let open = comparison(&[
            "--rate",
            "5000",
            "--keys",
            "1000",
            "--servers",
            "2",
            "--partitions",
            "8",
            "--body",
            "4096",
        ]);
        expect!["5000 calls a second due, at most 10000 pending, 4096 B, 1000 keys, 8 partitions, 2 servers"].assert_eq(&open.heading(10_000));
        let safe = comparison(&["--acks", "1", "--idempotence", "false"]);
        expect!["1 in flight, 128 B, 4 partitions, acks=1, not idempotent"]
            .assert_eq(&safe.heading(1));
    }
}

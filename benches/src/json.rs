//! The rows for other programs.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use crate::setup::SystemName;
use crate::summary::Row;

#[derive(Serialize)]
struct Document {
    rows: Vec<JsonRow>,
}

#[derive(Serialize)]
struct JsonRow {
    system: SystemName,
    concurrency: u32,
    rate_per_s: f64,
    p50_us: f64,
    p99_us: f64,
    p999_us: f64,
    errors: u64,
    client_cpu_us: Option<f64>,
    server_cpu_us: Option<f64>,
    broker_cpu_us: Option<f64>,
    client_wake_ups: Option<f64>,
    server_wake_ups: Option<f64>,
}

/// The figures of the table: medians over the rounds, and the sum of the errors.
pub(crate) fn rows(rows: &[Row]) -> impl Serialize {
    let rows = rows
        .iter()
        .map(|row| JsonRow {
            system: row.system,
            concurrency: row.concurrency,
            rate_per_s: row.sample.rate_per_s,
            p50_us: row.sample.p50_us,
            p99_us: row.sample.p99_us,
            p999_us: row.sample.p999_us,
            errors: row.sample.errors,
            client_cpu_us: row.sample.cpu.client,
            server_cpu_us: row.sample.cpu.server,
            broker_cpu_us: row.sample.cpu.broker,
            client_wake_ups: row.sample.wake_ups.client,
            server_wake_ups: row.sample.wake_ups.server,
        })
        .collect();
    Document { rows }
}

/// Writes any figures, where a file is named.
pub(crate) fn write(file: Option<&Path>, figures: &impl Serialize) -> anyhow::Result<()> {
    let Some(file) = file else { return Ok(()) };
    let mut text = serde_json::to_string_pretty(figures)?;
    text.push('\n');
    fs::write(file, text).with_context(|| format!("can't write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::setup::{CpuPerCall, Sample, WakeUpsPerCall};

    #[test]
    fn a_row_has_the_systems_name_and_figures() {
        let row = Row {
            system: SystemName::KafkaRpc,
            concurrency: 64,
            sample: Sample {
                rate_per_s: 31_000.5,
                p50_us: 1_900.0,
                p99_us: 4_100.25,
                p999_us: 9_000.0,
                errors: 2,
                error: Some("refused".to_owned()),
                cpu: CpuPerCall {
                    client: Some(9.5),
                    server: Some(8.0),
                    broker: None,
                },
                wake_ups: WakeUpsPerCall {
                    client: Some(0.25),
                    server: None,
                },
            },
            to_floor: None,
        };
        expect![[r#"
            {
              "rows": [
                {
                  "system": "kafka-rpc",
                  "concurrency": 64,
                  "rate_per_s": 31000.5,
                  "p50_us": 1900.0,
                  "p99_us": 4100.25,
                  "p999_us": 9000.0,
                  "errors": 2,
                  "client_cpu_us": 9.5,
                  "server_cpu_us": 8.0,
                  "broker_cpu_us": null,
                  "client_wake_ups": 0.25,
                  "server_wake_ups": null
                }
              ]
            }"#]]
        .assert_eq(&serde_json::to_string_pretty(&rows(&[row])).unwrap());
    }
}

//! The rows for other programs.

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
}

/// The figures of the table: medians over the rounds, and the sum of the errors.
pub(crate) fn rows(rows: &[Row]) -> serde_json::Result<String> {
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
        })
        .collect();
    let mut text = serde_json::to_string_pretty(&Document { rows })?;
    text.push('\n');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::setup::{CpuPerCall, Sample};

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
                  "broker_cpu_us": null
                }
              ]
            }
        "#]]
        .assert_eq(&rows(&[row]).unwrap());
    }
}

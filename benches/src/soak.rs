//! Whether memory grows over many calls.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::Args;
use kafka_rpc_tests::fit::{Line, line};
use kafka_rpc_tests::memory::resident;
use serde::Serialize;

use crate::arguments::Place;
use crate::json;
use crate::progress::Progress;
use crate::setup::Made;
use crate::stage::{Scene, Settings, Stage};
use crate::table::{aligned, grouped};

/// Memory of client and server over many calls, at every tenth of them
#[derive(Args, Debug)]
pub(crate) struct SoakArguments {
    #[command(flatten)]
    place: Place,
    /// Calls in all
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(10..))]
    calls: u64,
    /// How many callers make them, one after another
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    concurrency: u32,
    /// Also writes the figures to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Document {
    rows: Vec<Row>,
    /// How memory grows in the second half, in bytes a call.
    client_growth: f64,
    server_growth: f64,
}

/// After so many calls, in bytes.
#[derive(Clone, Copy, Debug, Serialize)]
struct Row {
    calls: u64,
    /// In the tenth before.
    rate_per_s: f64,
    client_resident: u64,
    server_resident: u64,
}

const PARTS: u64 = 10;

pub(crate) fn soak(arguments: &SoakArguments) -> anyhow::Result<()> {
    let mut progress = Progress::new(PARTS as usize);
    let mut stage = Stage::new(&arguments.place, &progress)?;
    let rows = stage.run(&Settings::default(), |scene| {
        rows(scene, arguments, &mut progress)
    })?;
    progress.ends();

    let half = &rows[rows.len() / 2..];
    let document = Document {
        client_growth: slope(half, |row| row.client_resident),
        server_growth: slope(half, |row| row.server_resident),
        rows,
    };
    println!("{}", table(&document));
    json::write(arguments.json.as_deref(), &document)
}

fn rows(
    scene: &Scene,
    arguments: &SoakArguments,
    progress: &mut Progress,
) -> anyhow::Result<Vec<Row>> {
    let mut client = scene.client(1)?;
    let [server] = &scene.servers[..] else {
        anyhow::bail!("there is one server")
    };
    let resident = |process: u32| resident(process).context("/proc does not tell the memory");
    let mut rows = Vec::new();
    let part = arguments.calls / PARTS;
    for number in 1..=PARTS {
        progress.begins(&format!("{part} calls"));
        let Made {
            errors,
            error,
            took,
        } = client.make(part, arguments.concurrency)?;
        let error = error.unwrap_or_default();
        ensure!(errors == 0, "{errors} calls failed: {error}");
        rows.push(Row {
            calls: part * number,
            rate_per_s: part as f64 / took.as_secs_f64(),
            client_resident: resident(client.id())?,
            server_resident: resident(server.id())?,
        });
    }
    Ok(rows)
}

fn slope(rows: &[Row], resident: fn(&Row) -> u64) -> f64 {
    let points = rows
        .iter()
        .map(|row| (row.calls as f64, resident(row) as f64));
    line(points).map_or(0.0, |Line { slope, .. }| slope)
}

fn table(document: &Document) -> String {
    let mut lines = vec![
        ["calls", "calls/s", "client KiB", "server KiB"]
            .map(str::to_owned)
            .to_vec(),
    ];
    let kib = |bytes: u64| grouped(bytes as f64 / 1024.0);
    lines.extend(document.rows.iter().map(|row| {
        vec![
            grouped(row.calls as f64),
            grouped(row.rate_per_s),
            kib(row.client_resident),
            kib(row.server_resident),
        ]
    }));
    format!(
        "{}\nOver the second half memory grows by {:.4} B a call in the client and {:.4} B in the server.",
        aligned(&lines),
        document.client_growth,
        document.server_growth
    )
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn row(tenth: u64, client: u64) -> Row {
        Row {
            calls: tenth * 1_000,
            rate_per_s: 50_000.0,
            client_resident: client,
            server_resident: 2_048_000,
        }
    }

    #[test]
    fn growth_is_that_of_the_second_half() {
        let rows: Vec<Row> = [
            (1, 1_024_000),
            (2, 3_072_000),
            (3, 3_074_000),
            (4, 3_076_000),
        ]
        .map(|(tenth, client)| row(tenth, client))
        .to_vec();
        let half = &rows[rows.len() / 2..];
        let document = Document {
            client_growth: slope(half, |row| row.client_resident),
            server_growth: slope(half, |row| row.server_resident),
            rows,
        };
        expect![[r#"
            calls  calls/s  client KiB  server KiB
            1,000   50,000       1,000       2,000
            2,000   50,000       3,000       2,000
            3,000   50,000       3,002       2,000
            4,000   50,000       3,004       2,000

            Over the second half memory grows by 2.0000 B a call in the client and 0.0000 B in the server."#]]
        .assert_eq(&table(&document));
    }
}

//! What a pending call takes of a client's memory.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Args;
use kafka_rpc_tests::memory::resident;
use serde::Serialize;

use crate::arguments::{Place, seconds};
use crate::json;
use crate::progress::Progress;
use crate::setup::Made;
use crate::stage::{Actor, Settings, Stage};
use crate::table::{aligned, grouped};

/// Memory of a client with many pending calls.
///
/// The calls go to a method that no server has, each from a task of its own, as a server that calls on would make them. Their
/// requests are written, so what is left in memory is what it takes to wait.
#[derive(Args, Debug)]
pub(crate) struct MemoryArguments {
    #[command(flatten)]
    place: Place,
    /// Calls that are pending at a time
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    calls: u32,
    /// Bytes of a request's body
    #[arg(long, value_name = "BYTES", default_value_t = 128)]
    body: usize,
    /// How often the calls are made and reach their deadlines: memory must not grow from once to once
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    times: u32,
    /// The calls' timeout in seconds; all of them have to be written before the first ends
    #[arg(long, value_name = "SECONDS", default_value = "20", value_parser = seconds)]
    timeout: Duration,
    /// Also writes the figures to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Document {
    calls: u32,
    body: usize,
    rows: Vec<Row>,
}

/// The client at one moment, in bytes.
#[derive(Debug, Serialize)]
struct Row {
    when: String,
    resident: u64,
    /// What Rust code has allocated, where it is counted.
    heap: Option<u64>,
    /// More than before the calls, a call, where they are pending.
    resident_per_call: Option<f64>,
    heap_per_call: Option<f64>,
}

pub(crate) fn memory(arguments: &MemoryArguments) -> anyhow::Result<()> {
    let mut progress = Progress::new(arguments.times as usize);
    let mut stage = Stage::new(&arguments.place, &progress)?;
    let settings = Settings {
        body: arguments.body,
        servers: 0,
        ..Settings::default()
    };
    let rows = stage.run(&settings, |scene| {
        let mut client = scene.client(1)?;
        // What is there once, such as threads and their buffers, is not a call's.
        let timeout = Duration::from_secs(3);
        hold(
            &mut client,
            1_000.min(arguments.calls),
            timeout,
            &mut Vec::new(),
            "",
        )?;

        let mut rows = vec![row(&mut client, "before")?];
        for time in 1..=arguments.times {
            progress.begins(&format!("{} calls are pending", arguments.calls));
            let label = format!(", time {time}");
            hold(
                &mut client,
                arguments.calls,
                arguments.timeout,
                &mut rows,
                &label,
            )?;
        }
        Ok(rows)
    })?;
    progress.ends();

    let document = Document {
        calls: arguments.calls,
        body: arguments.body,
        rows: compared(rows, arguments.calls),
    };
    print!("{}", table(&document));
    json::write(arguments.json.as_deref(), &document)
}

/// Holds calls until their deadlines; a row while they are pending, and one afterwards.
fn hold(
    client: &mut Actor,
    calls: u32,
    timeout: Duration,
    rows: &mut Vec<Row>,
    label: &str,
) -> anyhow::Result<()> {
    all_well(&client.hold(calls, timeout)?)?;
    rows.push(row(client, &format!("pending{label}"))?);
    all_well(&client.release(timeout)?)?;
    rows.push(row(client, &format!("after{label}"))?);
    Ok(())
}

fn all_well(made: &Made) -> anyhow::Result<()> {
    let error = made.error.as_deref().unwrap_or_default();
    ensure!(
        made.errors == 0,
        "{} calls did not wait: {error}",
        made.errors
    );
    Ok(())
}

fn row(client: &mut Actor, when: &str) -> anyhow::Result<Row> {
    Ok(Row {
        when: when.to_owned(),
        resident: resident(client.id()).context("/proc does not tell the memory")?,
        heap: client.allocated()?.map(|allocated| allocated.live),
        resident_per_call: None,
        heap_per_call: None,
    })
}

/// The first row is what the others are held against.
fn compared(mut rows: Vec<Row>, calls: u32) -> Vec<Row> {
    let [before, rest @ ..] = &mut rows[..] else {
        return rows;
    };
    let per_call = |now: u64, before: u64| (now as f64 - before as f64) / f64::from(calls);
    for row in rest {
        if row.when.starts_with("pending") {
            row.resident_per_call = Some(per_call(row.resident, before.resident));
            row.heap_per_call = row
                .heap
                .zip(before.heap)
                .map(|(now, before)| per_call(now, before));
        }
    }
    rows
}

fn table(document: &Document) -> String {
    let mut lines = vec![
        [
            "",
            "resident KiB",
            "Rust heap KiB",
            "resident B/call",
            "Rust heap B/call",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    let bytes = |bytes: Option<f64>| bytes.map_or_else(|| "-".to_owned(), grouped);
    lines.extend(document.rows.iter().map(|row| {
        vec![
            row.when.clone(),
            bytes(Some(row.resident as f64 / 1024.0)),
            bytes(row.heap.map(|heap| heap as f64 / 1024.0)),
            bytes(row.resident_per_call),
            bytes(row.heap_per_call),
        ]
    }));
    format!(
        "A client with {} pending calls of {} B, a task each. The bodies are not in memory any more.\n\n{}",
        grouped(f64::from(document.calls)),
        document.body,
        aligned(&lines)
    )
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn row(when: &str, resident: u64, heap: Option<u64>) -> Row {
        Row {
            when: when.to_owned(),
            resident,
            heap,
            resident_per_call: None,
            heap_per_call: None,
        }
    }

    #[test]
    fn a_call_takes_what_there_is_more_than_before() {
        let rows = vec![
            row("before", 20_480_000, Some(1_024_000)),
            row("pending, time 1", 30_720_000, Some(9_216_000)),
            row("after, time 1", 19_456_000, Some(1_024_000)),
        ];
        let document = Document {
            calls: 10_000,
            body: 128,
            rows: compared(rows, 10_000),
        };
        expect![[r#"
            A client with 10,000 pending calls of 128 B, a task each. The bodies are not in memory any more.

                             resident KiB  Rust heap KiB  resident B/call  Rust heap B/call
            before                 20,000          1,000                -                 -
            pending, time 1        30,000          9,000            1,024               819
            after, time 1          19,000          1,000                -                 -
        "#]]
        .assert_eq(&table(&document));
    }
}

//! How much is allocated for a call.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::Args;
use serde::Serialize;

use crate::allocations::Allocated;
use crate::arguments::{Place, Systems};
use crate::json;
use crate::progress::Progress;
use crate::setup::{Step, SystemName};
use crate::stage::{STEP_LIMIT, Scene, Settings, Stage};
use crate::table::{aligned, digits, grouped};

/// Allocations in Rust for a call, in client and server; needs a build with `--features count-allocations`
///
/// What librdkafka allocates in C is not counted, so the floor shows what its Rust wrapper takes.
#[derive(Args, Debug)]
pub(crate) struct AllocationArguments {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    systems: Systems,
    /// Calls that are counted, after as many that are not
    #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u64).range(1..))]
    calls: u64,
    /// How many callers make them, one after another
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    concurrency: u32,
    /// Bytes of a request's body, and of its reply's
    #[arg(long, value_name = "BYTES", default_value_t = 128)]
    body: usize,
    /// Also writes the figures to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Document {
    body: usize,
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    system: SystemName,
    client: PerCall,
    server: PerCall,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct PerCall {
    times: f64,
    bytes: f64,
}

pub(crate) fn allocations(arguments: &AllocationArguments) -> anyhow::Result<()> {
    ensure!(
        crate::allocations::allocated().is_some(),
        "this build does not count: cargo run --release -p kafka-rpc-bench --features count-allocations -- allocations"
    );
    let mut progress = Progress::new(arguments.systems.names.len());
    let mut stage = Stage::new(&arguments.place, &progress)?;
    let mut rows = Vec::new();
    for system in arguments.systems.names.iter().copied() {
        progress.begins(&system.to_string());
        let settings = Settings {
            system,
            body: arguments.body,
            ..Settings::default()
        };
        let (client, server) = stage
            .run(&settings, |scene| arguments.count(scene))
            .with_context(|| system.to_string())?;
        rows.push(Row {
            system,
            client,
            server,
        });
    }
    progress.ends();
    let document = Document {
        body: arguments.body,
        rows,
    };
    print!("{}", table(&document));
    json::write(arguments.json.as_deref(), &document)
}

impl AllocationArguments {
    fn count(&self, scene: &mut Scene) -> anyhow::Result<(PerCall, PerCall)> {
        let mut client = scene.client(1)?;
        let server = scene.servers.first_mut().context("there is a server")?;
        let mut counted = Vec::new();
        for _ in 0..2 {
            let made = client.make(self.calls, self.concurrency)?;
            let error = made.error.unwrap_or_default();
            ensure!(made.errors == 0, "{} calls failed: {error}", made.errors);
            let of_client = client.allocated()?;
            let of_server: Option<Allocated> = server.take(&Step::CountAllocations, STEP_LIMIT)?;
            counted.push(of_client.zip(of_server).context("nobody counts")?);
        }
        let [before, after] = counted[..] else {
            anyhow::bail!("it was counted twice")
        };
        Ok((
            PerCall::of(before.0, after.0, self.calls),
            PerCall::of(before.1, after.1, self.calls),
        ))
    }
}

impl PerCall {
    fn of(before: Allocated, after: Allocated, calls: u64) -> Self {
        let per_call = |before: u64, after: u64| (after - before) as f64 / calls as f64;
        Self {
            times: per_call(before.times, after.times),
            bytes: per_call(before.bytes, after.bytes),
        }
    }
}

fn table(document: &Document) -> String {
    let mut lines = vec![
        [
            "",
            "client allocations",
            "client B",
            "server allocations",
            "server B",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    lines.extend(document.rows.iter().map(|row| {
        vec![
            row.system.to_string(),
            digits(row.client.times),
            grouped(row.client.bytes),
            digits(row.server.times),
            grouped(row.server.bytes),
        ]
    }));
    format!(
        "In Rust, for a call of {} B; what librdkafka allocates in C is not counted.\n\n{}",
        document.body,
        aligned(&lines)
    )
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn what_was_allocated_before_does_not_count() {
        let allocated = |times, bytes| Allocated {
            times,
            bytes,
            live: 0,
        };
        let client = PerCall::of(allocated(1_000, 9_000), allocated(3_500, 159_000), 100);
        let document = Document {
            body: 128,
            rows: vec![Row {
                system: SystemName::Floor,
                client,
                server: PerCall {
                    times: 4.0,
                    bytes: 99.6,
                },
            }],
        };
        expect![[r#"
            In Rust, for a call of 128 B; what librdkafka allocates in C is not counted.

                   client allocations  client B  server allocations  server B
            floor                25.0     1,500                4.00       100
        "#]]
        .assert_eq(&table(&document));
    }
}

//! What processes that have nothing to do cost.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::Args;
use kafka_rpc_tests::memory::resident;
use serde::Serialize;

use crate::arguments::{Place, Systems, seconds};
use crate::json;
use crate::progress::Progress;
use crate::setup::SystemName;
use crate::stage::{Scene, Settings, Stage};
use crate::table::{aligned, digits, grouped};
use crate::threads::{self, Threads};

/// CPU time, wake-ups and memory of a client and a server without calls, in processes of their own
#[derive(Args, Debug)]
pub(crate) struct IdleArguments {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    systems: Systems,
    /// Methods of the service
    #[arg(long, value_delimiter = ',', default_value = "1,200",
        value_parser = clap::value_parser!(u32).range(1..=200))]
    methods: Vec<u32>,
    /// How long it is measured
    #[arg(long, default_value = "10", value_parser = seconds)]
    seconds: Duration,
    /// Seconds without calls before it is measured
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = seconds)]
    rest: Duration,
    /// Also writes the figures to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Document {
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    system: SystemName,
    methods: u32,
    client: Idle,
    server: Idle,
}

/// One process.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Idle {
    /// Of one core.
    cpu_percent: f64,
    wake_ups_per_s: f64,
    threads: usize,
    resident: u64,
}

pub(crate) fn idle(arguments: &IdleArguments) -> anyhow::Result<()> {
    ensure!(!arguments.seconds.is_zero(), "--seconds 0 measures nothing");
    let points: Vec<(SystemName, u32)> = arguments
        .systems
        .names
        .iter()
        .flat_map(|system| arguments.methods.iter().map(|methods| (*system, *methods)))
        .collect();
    let mut progress = Progress::new(points.len());
    let mut stage = Stage::new(&arguments.place, &progress)?;
    let mut rows = Vec::new();
    for (system, methods) in points {
        progress.begins(&format!("{system} with {methods} methods"));
        let settings = Settings {
            system,
            methods,
            ..Settings::default()
        };
        let (client, server) = stage
            .run(&settings, |scene| arguments.watch(scene))
            .with_context(|| format!("{system} with {methods} methods"))?;
        rows.push(Row {
            system,
            methods,
            client,
            server,
        });
    }
    progress.ends();
    let document = Document { rows };
    print!("{}", table(&document));
    json::write(arguments.json.as_deref(), &document)
}

impl IdleArguments {
    fn watch(&self, scene: &Scene) -> anyhow::Result<(Idle, Idle)> {
        let mut client = scene.client(1)?;
        // All connections are open from then on.
        client.make(1_000, 8)?;
        let processes = [Some(client.id()), scene.servers.first().map(|one| one.id())];
        let [client, server] = processes.map(|process| process.context("there is a server"));
        let (client, server) = (client?, server?);

        thread::sleep(self.rest);
        let begin = Instant::now();
        let before = (Seen::of(client)?, Seen::of(server)?);
        thread::sleep(self.seconds);
        let after = (Seen::of(client)?, Seen::of(server)?);
        let time = begin.elapsed();
        Ok((
            Idle::between(&before.0, &after.0, time),
            Idle::between(&before.1, &after.1, time),
        ))
    }
}

struct Seen {
    threads: Threads,
    resident: u64,
}

impl Seen {
    fn of(process: u32) -> anyhow::Result<Self> {
        threads::of(&[process])
            .zip(resident(process))
            .map(|(threads, resident)| Self { threads, resident })
            .context("/proc does not tell of the processes")
    }
}

impl Idle {
    fn between(before: &Seen, after: &Seen, time: Duration) -> Self {
        let used = after.threads.since(&before.threads);
        Self {
            cpu_percent: 100.0 * used.on_cpu.as_secs_f64() / time.as_secs_f64(),
            wake_ups_per_s: used.sleeps as f64 / time.as_secs_f64(),
            threads: after.threads.count(),
            resident: after.resident,
        }
    }
}

fn table(document: &Document) -> String {
    let mut lines = vec![
        [
            "",
            "methods",
            "process",
            "CPU",
            "wake-ups/s",
            "threads",
            "MiB",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    for row in &document.rows {
        for (name, process) in [("client", &row.client), ("server", &row.server)] {
            lines.push(vec![
                row.system.to_string(),
                row.methods.to_string(),
                name.to_owned(),
                format!("{:.3} %", process.cpu_percent),
                grouped(process.wake_ups_per_s),
                process.threads.to_string(),
                digits(process.resident as f64 / f64::from(1 << 20)),
            ]);
        }
    }
    format!(
        "Without calls; CPU is the share of one core.\n\n{}",
        aligned(&lines)
    )
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn each_process_has_a_line() {
        let client = Idle {
            cpu_percent: 0.1,
            wake_ups_per_s: 25.4,
            threads: 7,
            resident: 16 << 20,
        };
        let document = Document {
            rows: vec![Row {
                system: SystemName::KafkaRpc,
                methods: 200,
                client,
                server: Idle {
                    cpu_percent: 0.0,
                    ..client
                },
            }],
        };
        expect![[r#"
            Without calls; CPU is the share of one core.

                       methods  process      CPU  wake-ups/s  threads   MiB
            kafka-rpc      200   client  0.100 %          25        7  16.0
            kafka-rpc      200   server  0.000 %          25        7  16.0
        "#]]
        .assert_eq(&table(&document));
    }
}

//! How fast one reader reads a stream, and what a reader that stops leaves in memory.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Args;
use kafka_rpc_tests::memory::resident;
use serde::Serialize;

use crate::arguments::{Place, seconds};
use crate::json;
use crate::progress::Progress;
use crate::setup::SystemName;
use crate::stage::{Actor, Scene, Settings, Stage};
use crate::summary::{Spread, spread};
use crate::table::{self, aligned, grouped};

/// How fast one reader reads a server's stream, against a consumer that reads the same records as a producer writes them, and
/// what client and server hold while the reader stops
#[derive(Args, Debug)]
pub(crate) struct StreamArguments {
    #[command(flatten)]
    place: Place,
    /// Messages of a stream
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    messages: u64,
    /// Bytes of a message's body
    #[arg(long, value_name = "BYTES", default_value_t = 128)]
    body: usize,
    /// How often everything is repeated; the first time of each system is a warm-up besides
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How long the reader stops behind its first message, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    stop: Duration,
    /// Also writes the figures to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Document {
    messages: u64,
    body: usize,
    rows: Vec<Row>,
    /// The most that each held while the reader stopped, in bytes.
    stopped: Stopped,
}

#[derive(Debug, Serialize)]
struct Row {
    system: SystemName,
    /// Messages a second, over the rounds.
    rate_per_s: Spread,
    /// To the floor's of the same round.
    to_floor: Option<Spread>,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Stopped {
    client_resident: u64,
    server_resident: u64,
}

const SYSTEMS: [SystemName; 3] = [SystemName::Floor, SystemName::KafkaRpc, SystemName::Grpc];

pub(crate) fn streaming(arguments: &StreamArguments) -> anyhow::Result<()> {
    let mut progress = Progress::new(SYSTEMS.len() * arguments.rounds as usize + 1);
    let mut stage = Stage::new(&arguments.place, &progress)?;
    let settings = |system| Settings {
        system,
        body: arguments.body,
        streams: true,
        ..Settings::default()
    };
    let mut rates: Vec<(SystemName, f64)> = Vec::new();
    for round in 1..=arguments.rounds {
        for system in SYSTEMS {
            progress.begins(&format!("round {round} of {}: {system}", arguments.rounds));
            let rate = stage.run(&settings(system), |scene| rate(scene, arguments.messages));
            rates.push((system, rate.with_context(|| system.to_string())?));
        }
    }
    progress.begins("a reader stops");
    let stopped = stage.run(&settings(SystemName::KafkaRpc), |scene| {
        stopped(scene, arguments)
    })?;
    progress.ends();

    let document = Document {
        messages: arguments.messages,
        body: arguments.body,
        rows: SYSTEMS
            .iter()
            .filter_map(|system| row(*system, &rates))
            .collect(),
        stopped,
    };
    println!("{}", table(&document, arguments));
    json::write(arguments.json.as_deref(), &document)
}

fn rate(scene: &Scene, messages: u64) -> anyhow::Result<f64> {
    let mut client = scene.client(1)?;
    // Connections and topics are there afterwards, and what is hot is compiled.
    read(&mut client, messages.div_ceil(10), Duration::ZERO)?;
    let took = read(&mut client, messages, Duration::ZERO)?;
    Ok(messages as f64 / took.as_secs_f64())
}

fn read(client: &mut Actor, messages: u64, stop: Duration) -> anyhow::Result<Duration> {
    let made = client.read(messages, stop)?;
    let error = made.error.unwrap_or_default();
    ensure!(made.errors == 0, "the stream failed: {error}");
    Ok(made.took)
}

fn stopped(scene: &Scene, arguments: &StreamArguments) -> anyhow::Result<Stopped> {
    let mut client = scene.client(1)?;
    let [server] = &scene.servers[..] else {
        anyhow::bail!("there is one server")
    };
    let processes = [client.id(), server.id()];
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut most = [0; 2];
            while !over.load(Ordering::Relaxed) {
                for (most, process) in most.iter_mut().zip(processes) {
                    *most = (*most).max(resident(process).unwrap_or_default());
                }
                thread::sleep(Duration::from_millis(20));
            }
            most
        });
        let made = read(&mut client, arguments.messages, arguments.stop);
        over.store(true, Ordering::Relaxed);
        let [client_resident, server_resident] = watch
            .join()
            .map_err(|_| anyhow::anyhow!("the watching thread panicked"))?;
        made?;
        Ok(Stopped {
            client_resident,
            server_resident,
        })
    })
}

fn row(system: SystemName, rates: &[(SystemName, f64)]) -> Option<Row> {
    let of = |system| {
        let rates = rates.iter().filter(move |(of, _)| *of == system);
        rates.map(|(_, rate)| *rate)
    };
    let pairs = of(system).zip(of(SystemName::Floor));
    Some(Row {
        system,
        rate_per_s: spread(of(system))?,
        to_floor: (system != SystemName::Floor)
            .then(|| spread(pairs.map(|(rate, floor)| rate / floor)))
            .flatten(),
    })
}

fn table(document: &Document, arguments: &StreamArguments) -> String {
    let mut lines = vec![
        ["", "messages/s", "to the floor"]
            .map(str::to_owned)
            .to_vec(),
    ];
    lines.extend(document.rows.iter().map(|row| {
        let ratio = row.to_floor.map_or_else(|| "-".to_owned(), table::spread);
        vec![
            row.system.to_string(),
            grouped(row.rate_per_s.median),
            ratio,
        ]
    }));
    let kib = |bytes: u64| grouped(bytes as f64 / 1024.0);
    format!(
        "A stream of {} messages of {} B to one reader, medians of {} rounds.\n\n{}\n\
         While the reader stops for {:?}, client and server hold {} and {} KiB at most, all included.",
        grouped(document.messages as f64),
        document.body,
        arguments.rounds,
        aligned(&lines),
        arguments.stop,
        kib(document.stopped.client_resident),
        kib(document.stopped.server_resident),
    )
}

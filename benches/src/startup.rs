//! How long it takes until a process that starts is of use.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::Args;
use serde::Serialize;

use crate::arguments::{Place, Systems};
use crate::json;
use crate::process::Process;
use crate::progress::Progress;
use crate::setup::SystemName;
use crate::stage::{START_LIMIT, Scene, Settings, Stage};
use crate::summary::{Spread, spread};
use crate::table::{aligned, micros};

/// Time from the start of a process until a server takes calls, and until a client has its first reply
#[derive(Args, Debug)]
pub(crate) struct StartupArguments {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    systems: Systems,
    /// Methods of the service
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=200))]
    methods: u32,
    /// How often everything is repeated
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Also writes the figures to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Document {
    rows: Vec<Row>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Row {
    system: SystemName,
    /// What is waited for, and whether topics have to be created before.
    until: Until,
    /// Over the rounds, in microseconds.
    time_us: Spread,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Until {
    ServerReadyWithNewTopics,
    ServerReady,
    ClientConnected,
    FirstReply,
}

impl Until {
    fn text(self) -> &'static str {
        match self {
            Self::ServerReadyWithNewTopics => "server is ready, topics created",
            Self::ServerReady => "server is ready, topics there",
            Self::ClientConnected => "client is connected",
            Self::FirstReply => "client has its first reply",
        }
    }
}

pub(crate) fn startup(arguments: &StartupArguments) -> anyhow::Result<()> {
    let mut progress = Progress::new(arguments.systems.names.len() * arguments.rounds as usize);
    let mut stage = Stage::new(&arguments.place, &progress)?;
    let mut times = Vec::new();
    for round in 1..=arguments.rounds {
        for system in arguments.systems.names.iter().copied() {
            progress.begins(&format!("round {round} of {}: {system}", arguments.rounds));
            let settings = Settings {
                system,
                methods: arguments.methods,
                servers: 0,
                ..Settings::default()
            };
            let measured = stage
                .run(&settings, starts)
                .with_context(|| system.to_string())?;
            times.extend(measured.map(|(until, time)| (system, until, time)));
        }
    }
    progress.ends();
    let document = Document { rows: rows(&times) };
    print!("{}", table(&document));
    json::write(arguments.json.as_deref(), &document)
}

/// Starts a server twice, each time on its own, then a client.
fn starts(scene: &mut Scene) -> anyhow::Result<[(Until, Duration); 4]> {
    let begin = Instant::now();
    let (first, _) = server(scene)?;
    let with_new_topics = begin.elapsed();
    first.end()?;

    let begin = Instant::now();
    let (second, address) = server(scene)?;
    let ready = begin.elapsed();
    scene.add_server(second, address);

    let begin = Instant::now();
    let mut client = scene.client(1)?;
    let connected = begin.elapsed();
    let made = client.make(1, 1)?;
    let replied = begin.elapsed();
    let error = made.error.unwrap_or_default();
    ensure!(made.errors == 0, "the first call failed: {error}");
    Ok([
        (Until::ServerReadyWithNewTopics, with_new_topics),
        (Until::ServerReady, ready),
        (Until::ClientConnected, connected),
        (Until::FirstReply, replied),
    ])
}

fn server(scene: &Scene) -> anyhow::Result<(Process, String)> {
    let mut server = Process::spawn("server", &scene.setup)?;
    let address = server.line(START_LIMIT)?;
    Ok((server, address))
}

/// In the order of the first round.
fn rows(times: &[(SystemName, Until, Duration)]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for &(system, until, _) in times {
        if rows
            .iter()
            .any(|row| (row.system, row.until) == (system, until))
        {
            continue;
        }
        let same = times
            .iter()
            .filter(|other| (other.0, other.1) == (system, until));
        let time_us = spread(same.map(|(_, _, time)| time.as_secs_f64() * 1e6));
        rows.extend(time_us.map(|time_us| Row {
            system,
            until,
            time_us,
        }));
    }
    rows
}

fn table(document: &Document) -> String {
    let mut lines = vec![
        ["until", "median", "least", "most"]
            .map(str::to_owned)
            .to_vec(),
    ];
    lines.extend(document.rows.iter().map(|row| {
        let Spread {
            median,
            least,
            most,
        } = row.time_us;
        let mut line = vec![format!("{}: {}", row.system, row.until.text())];
        line.extend([median, least, most].map(micros));
        line
    }));
    format!("From the start of the process.\n\n{}", aligned(&lines))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn rounds_are_told_as_median_least_and_most() {
        use SystemName::{Grpc, KafkaRpc};
        use Until::{ClientConnected, FirstReply};
        let times = [
            (KafkaRpc, ClientConnected, 300),
            (KafkaRpc, FirstReply, 350),
            (Grpc, FirstReply, 2),
            (KafkaRpc, ClientConnected, 100),
            (KafkaRpc, ClientConnected, 200),
        ]
        .map(|(system, until, millis)| (system, until, Duration::from_millis(millis)));
        let document = Document { rows: rows(&times) };
        expect![[r#"
            From the start of the process.

            until                                   median    least     most
            kafka-rpc: client is connected          200 ms   100 ms   300 ms
            kafka-rpc: client has its first reply   350 ms   350 ms   350 ms
            grpc: client has its first reply       2.00 ms  2.00 ms  2.00 ms
        "#]]
        .assert_eq(&table(&document));
    }
}

//! Runs the systems in turn, round by round.

use std::fs;
use std::io::{self, Write as _};
use std::process;
use std::time::Duration;

use anyhow::Context as _;

use crate::arguments::Comparison;
use crate::json;
use crate::kafka::Kafka;
use crate::process::Process;
use crate::progress::Progress;
use crate::setup::{ClientJob, KafkaSetup, Load, Sample, Setup, SystemName};
use crate::summary::{Run, rows};
use crate::system::floor;
use crate::table::table;

/// How long a server may take to be ready, and how much longer than its load a client may take.
const START_LIMIT: Duration = Duration::from_secs(60);
const CLIENT_LIMIT: Duration = Duration::from_secs(90);

pub(crate) fn compare(comparison: &Comparison) -> anyhow::Result<()> {
    let loads = comparison.loads()?;
    let producer = comparison.producer_properties()?;
    let mut systems = Vec::new();
    for system in &comparison.systems {
        if !systems.contains(system) {
            systems.push(*system);
        }
    }
    let mut progress = Progress::new(comparison.rounds as usize * loads.len() * systems.len());

    let kafka = if systems.iter().any(|system| system.needs_kafka()) {
        progress.says("getting Kafka ready");
        Some(match &comparison.brokers {
            Some(brokers) => Kafka::named(brokers)?,
            None => Kafka::boot()?,
        })
    } else {
        None
    };
    let mut stage = Stage {
        comparison,
        kafka,
        producer,
        runs: 0,
    };
    stage.warm_up(&loads, &mut progress)?;

    let mut runs = Vec::new();
    for round in 1..=comparison.rounds {
        for load in &loads {
            for system in &systems {
                let concurrency = load.concurrency;
                progress.begins(&format!(
                    "round {round} of {}, {concurrency} at a time: {system}",
                    comparison.rounds
                ));
                let sample = stage
                    .run(*system, load)
                    .with_context(|| format!("{system} with {concurrency} at a time"))?;
                runs.push(Run {
                    round,
                    concurrency,
                    system: *system,
                    sample,
                });
            }
        }
        // Another one is first in the next round: what one leaves behind does not always meet the same other.
        systems.rotate_left(1);
    }
    progress.ends();

    let rows = rows(&runs);
    io::stdout().write_all(table(comparison, &rows).as_bytes())?;
    if let Some(file) = &comparison.json {
        fs::write(file, json::rows(&rows)?)
            .with_context(|| format!("can't write {}", file.display()))?;
    }
    Ok(())
}

/// Where runs take place.
struct Stage<'a> {
    comparison: &'a Comparison,
    kafka: Option<Kafka>,
    producer: Vec<(String, String)>,
    runs: u32,
}

impl Stage<'_> {
    /// A run of the floor that nobody looks at.
    fn warm_up(&mut self, loads: &[Load], progress: &mut Progress) -> anyhow::Result<()> {
        let heaviest = loads.iter().max_by_key(|load| load.concurrency);
        let (Some(load), Some(_)) = (heaviest, &self.kafka) else {
            return Ok(());
        };
        if self.comparison.broker_warm_up.is_zero() {
            return Ok(());
        }
        progress.says("warming Kafka up");
        let load = Load {
            measured: self.comparison.broker_warm_up,
            ..load.clone()
        };
        self.run(SystemName::Floor, &load)
            .context("the floor, to warm Kafka up")
            .map(drop)
    }

    /// One system under one load, in processes and topics of its own.
    fn run(&mut self, system: SystemName, load: &Load) -> anyhow::Result<Sample> {
        self.runs += 1;
        let kafka = KafkaSetup {
            brokers: self
                .kafka
                .as_ref()
                .map(|kafka| kafka.bootstrap().to_owned())
                .unwrap_or_default(),
            prefix: format!("kafka-rpc-bench.{}.{}.", process::id(), self.runs),
            partitions: self.comparison.partitions,
            producer: self.producer.clone(),
        };
        let setup = Setup {
            system,
            body: self.comparison.body,
            kafka,
        };
        if let (SystemName::Floor, Some(kafka)) = (system, &self.kafka) {
            kafka.create(&floor::topics(&setup.kafka))?;
        }
        let sample = self.run_processes(&setup, load);
        if let (true, Some(kafka)) = (system.needs_kafka(), &self.kafka)
            && let Err(error) = kafka.remove(&setup.kafka.prefix)
        {
            // What was measured is no worse for it.
            let prefix = &setup.kafka.prefix;
            let _nobody_looks = writeln!(
                io::stderr(),
                "what begins with {prefix} is left behind: {error:#}"
            );
        }
        sample
    }

    fn run_processes(&self, setup: &Setup, load: &Load) -> anyhow::Result<Sample> {
        let mut servers = (0..self.comparison.servers)
            .map(|_| Process::spawn("server", setup))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let addresses = servers
            .iter_mut()
            .map(|server| server.line(START_LIMIT))
            .collect::<anyhow::Result<_>>()?;
        let job = ClientJob {
            setup: setup.clone(),
            load: load.clone(),
            servers: addresses,
            server_processes: servers.iter().map(Process::id).collect(),
            broker_process: self
                .kafka
                .as_ref()
                .filter(|_| setup.system.needs_kafka())
                .and_then(Kafka::process_id),
        };
        let mut client = Process::spawn("client", &job)?;
        let line = client.line(load.warm_up + load.measured + CLIENT_LIMIT)?;
        drop(client);
        servers.into_iter().try_for_each(Process::end)?;
        serde_json::from_str(&line).with_context(|| format!("the client said: {line}"))
    }
}

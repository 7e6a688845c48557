//! Runs the systems in turn, round by round.

use std::io::{self, Write as _};

use anyhow::Context as _;

use crate::arguments::Comparison;
use crate::json;
use crate::progress::Progress;
use crate::setup::distinct;
use crate::stage::{Settings, Stage};
use crate::summary::{Run, rows};
use crate::table::table;

pub(crate) fn compare(comparison: &Comparison) -> anyhow::Result<()> {
    let loads = comparison.loads()?;
    let producer = comparison.producer_properties()?;
    let mut systems = distinct(comparison.systems.names.iter());
    let mut progress = Progress::new(comparison.rounds as usize * loads.len() * systems.len());

    let mut stage = if systems.iter().any(|system| system.needs_kafka()) {
        Stage::new(&comparison.place, &progress)?
    } else {
        Stage::without_kafka()
    };
    if let Some(heaviest) = loads.iter().max_by_key(|load| load.concurrency) {
        stage.warm_up(&systems, heaviest, comparison.broker_warm_up, &progress)?;
    }

    let mut runs = Vec::new();
    for round in 1..=comparison.rounds {
        for load in &loads {
            for system in &systems {
                let concurrency = load.concurrency;
                progress.begins(&format!(
                    "round {round} of {}, {concurrency} at a time: {system}",
                    comparison.rounds
                ));
                let settings = Settings {
                    system: *system,
                    body: comparison.body,
                    methods: comparison.methods,
                    partitions: comparison.partitions,
                    producer: producer.clone(),
                    servers: comparison.servers,
                    ..Settings::default()
                };
                let sample = stage
                    .run(&settings, |scene| scene.client(1)?.load(load))
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
    json::write(comparison.json.as_deref(), &json::rows(&rows))
}

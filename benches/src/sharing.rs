//! What it costs a client to share its reply partition with others: it reads their replies too, and drops them.

mod model;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Args;
use serde::Serialize;

use crate::arguments::{Place, seconds};
use crate::json;
use crate::progress::Progress;
use crate::setup::{Load, Sample};
use crate::stage::{Settings, Stage};
use crate::table::{aligned, grouped, micros};
use crate::threads;
use model::{Forecast, Model};

/// The cost of sharing a reply partition with other clients, and how many partitions to have
///
/// Two experiments. Many clients share a partition: they live in one process, but each has connections of its own and reads
/// the partition for itself; together they make calls at one rate. And a client without calls, in a process of its own, reads
/// more and more replies for another: since it is all the same to it whether those are for one client or for thousands, this is
/// what the model for many clients is made of.
#[derive(Args, Debug)]
pub(crate) struct SharingArguments {
    #[command(flatten)]
    place: Place,
    /// How many clients share the partition
    #[arg(long, value_delimiter = ',', default_value = "1,2,4,8,16,32,64",
        value_parser = clap::value_parser!(u32).range(1..=512))]
    clients: Vec<u32>,
    /// Calls a second that all of them make together
    #[arg(long, value_name = "CALLS", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// Replies a second for another client
    #[arg(long, value_name = "REPLIES", value_delimiter = ',', default_value = "30,100,300,1000,3000,10000",
        value_parser = clap::value_parser!(u32).range(1..))]
    foreign: Vec<u32>,
    /// Calls a second of each client in the model
    #[arg(
        long,
        value_name = "CALLS",
        value_delimiter = ',',
        default_value = "1,10,100"
    )]
    model_rate: Vec<f64>,
    /// What sharing may take of a client's core, in percent, for the advice
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0)]
    budget: f64,
    /// Bytes of a reply's body
    #[arg(long, value_name = "BYTES", default_value_t = 128)]
    body: usize,
    /// How long each run is measured
    #[arg(long, default_value = "5", value_parser = seconds)]
    seconds: Duration,
    /// Seconds of load in each run before it is measured
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    warm_up: Duration,
    /// Also writes the figures to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Document {
    rate_per_s: u32,
    body: usize,
    budget_percent: f64,
    clients: Vec<Row>,
    model: Model,
    forecasts: Vec<Forecast>,
}

/// Clients on one partition.
#[derive(Debug, Serialize)]
struct Row {
    clients: u32,
    sample: Sample,
}

pub(crate) fn sharing(arguments: &SharingArguments) -> anyhow::Result<()> {
    ensure!(!arguments.seconds.is_zero(), "--seconds 0 measures nothing");
    ensure!(arguments.budget > 0.0, "--budget takes a number over 0");
    let mut progress = Progress::new(arguments.clients.len() + 1 + arguments.foreign.len());
    let mut stage = Stage::new(&arguments.place, &progress)?;
    let mut rows = Vec::new();
    for &clients in &arguments.clients {
        progress.begins(&format!("{clients} clients"));
        let sample = arguments.share(&mut stage, clients);
        rows.push(Row {
            clients,
            sample: sample.with_context(|| format!("{clients} clients"))?,
        });
    }
    progress.begins("no foreign replies");
    let idle = arguments.listen(&mut stage, None)?;
    let mut heard = Vec::new();
    for &rate in &arguments.foreign {
        progress.begins(&format!("{rate} foreign replies a second"));
        let (made, busy) = arguments
            .listen(&mut stage, Some(rate))
            .with_context(|| format!("{rate} foreign replies a second"))?;
        heard.push((made, busy));
    }
    progress.ends();

    let model = Model::new(idle.1, heard);
    let document = Document {
        rate_per_s: arguments.rate,
        body: arguments.body,
        budget_percent: arguments.budget,
        clients: rows,
        forecasts: model.forecasts(&arguments.model_rate, arguments.budget),
        model,
    };
    print!("{}", table(&document));
    json::write(arguments.json.as_deref(), &document)
}

impl SharingArguments {
    fn settings(&self) -> Settings {
        Settings {
            body: self.body,
            reply_partitions: 1,
            ..Settings::default()
        }
    }

    fn load(&self, rate: u32) -> Load {
        Load {
            // A second's.
            concurrency: rate,
            rate: Some(rate.into()),
            keys: None,
            warm_up: self.warm_up,
            measured: self.seconds,
        }
    }

    fn share(&self, stage: &mut Stage, clients: u32) -> anyhow::Result<Sample> {
        let load = self.load(self.rate);
        stage.run(&self.settings(), |scene| scene.client(clients)?.load(&load))
    }

    /// The rate of calls of one client, and what another uses of a core.
    fn listen(&self, stage: &mut Stage, rate: Option<u32>) -> anyhow::Result<(f64, f64)> {
        stage.run(&self.settings(), |scene| {
            let mut listener = scene.client(1)?;
            listener.make(100, 1)?;
            let Some(rate) = rate else {
                std::thread::sleep(self.warm_up);
                return Ok((0.0, threads::busy(listener.id(), self.seconds)?));
            };
            let mut caller = scene.client(1)?;
            let load = self.load(rate);
            std::thread::scope(|scope| {
                let calls = scope.spawn(|| caller.load(&load));
                std::thread::sleep(self.warm_up);
                let busy = threads::busy(listener.id(), self.seconds);
                let sample = calls.join().map_err(|_| {
                    anyhow::anyhow!("the thread that waits for the caller panicked")
                })??;
                Ok((sample.rate_per_s, busy?))
            })
        })
    }
}

fn table(document: &Document) -> String {
    let mut lines = vec![
        [
            "clients",
            "calls/s",
            "p50",
            "p99",
            "errors",
            "CPU a call",
            "CPU of each",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    lines.extend(document.clients.iter().map(|Row { clients, sample }| {
        let cpu = sample.cpu.client;
        // A percent of a core is 10 ms of each second.
        let each = cpu.map(|cpu| cpu * sample.rate_per_s / 1e4 / f64::from(*clients));
        vec![
            clients.to_string(),
            grouped(sample.rate_per_s),
            micros(sample.p50_us),
            micros(sample.p99_us),
            sample.errors.to_string(),
            or_dash(cpu.map(micros)),
            or_dash(each.map(|each| format!("{each:.2} %"))),
        ]
    }));
    format!(
        "Clients that share one reply partition and make {} calls a second together, {} B; CPU of all clients together a call, and \
         what each uses of a core.\n\n{}\n{}",
        grouped(document.rate_per_s.into()),
        document.body,
        aligned(&lines),
        document
            .model
            .table(&document.forecasts, document.budget_percent)
    )
}

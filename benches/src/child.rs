//! What the child processes do: serve, or be a client that makes calls as it is told.

use std::io::{self, BufRead as _, Write as _};
use std::process;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};

use crate::allocations;
use crate::client::Client;
use crate::setup::{ClientJob, Setup, Step, SystemName};
use crate::system::System;
use crate::system::floor::Floor;
use crate::system::grpc::Grpc;
use crate::system::kafka_rpc::KafkaRpc;

/// How long a server may take to end once its parent has.
const END_LIMIT: Duration = Duration::from_secs(5);

/// Serves until stdin ends.
pub(crate) fn server(job: &str) -> anyhow::Result<()> {
    let setup: Setup = parse(job)?;
    let (stop, stopped) = oneshot::channel();
    thread::spawn(move || {
        // The one step that it is told.
        for _count in io::stdin().lock().lines().map_while(Result::ok) {
            say_json(&allocations::allocated());
        }
        let _has_ended = stop.send(());
        thread::sleep(END_LIMIT);
        process::exit(1);
    });
    let stopped = async { drop(stopped.await) };
    Runtime::new()?.block_on(async {
        match setup.system {
            SystemName::Floor | SystemName::Contract => Floor::serve(&setup, say, stopped).await,
            SystemName::KafkaRpc => KafkaRpc::serve(&setup, say, stopped).await,
            SystemName::Grpc => Grpc::serve(&setup, say, stopped).await,
        }
    })
}

/// Connects, says so, and takes steps until stdin ends.
pub(crate) fn client(job: &str) -> anyhow::Result<()> {
    let job: ClientJob = parse(job)?;
    let (sender, steps) = mpsc::unbounded_channel();
    thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            let _has_ended = sender.send(line);
        }
        process::exit(1);
    });
    Runtime::new()?.block_on(async {
        match job.setup.system {
            SystemName::Floor | SystemName::Contract => take_steps::<Floor>(&job, steps).await,
            SystemName::KafkaRpc => take_steps::<KafkaRpc>(&job, steps).await,
            SystemName::Grpc => take_steps::<Grpc>(&job, steps).await,
        }
    })
}

async fn take_steps<S: System>(
    job: &ClientJob,
    mut steps: mpsc::UnboundedReceiver<String>,
) -> anyhow::Result<()> {
    let mut client = Client::<S>::connect(job).await?;
    say("connected");
    while let Some(step) = steps.recv().await {
        match parse(&step)? {
            Step::Load(load) => say_json(&client.load(&load).await?),
            Step::Make { calls, callers } => say_json(&client.make(calls, callers).await?),
            Step::Hold { calls, timeout } => say_json(&client.hold(calls, timeout).await?),
            Step::Read { messages, stop } => say_json(&client.read(messages, stop).await?),
            Step::Release => say_json(&client.release().await?),
            Step::CountAllocations => say_json(&allocations::allocated()),
        }
    }
    bail!("nobody tells the client what to do")
}

fn parse<T: DeserializeOwned>(job: &str) -> anyhow::Result<T> {
    serde_json::from_str(job).context("this command is for the program itself: see `help`")
}

/// The parent reads it. Where it is gone, so is this process in a moment.
fn say(line: &str) {
    let _parent_is_gone = writeln!(io::stdout(), "{line}");
}

fn say_json(value: &impl Serialize) {
    match serde_json::to_string(value) {
        Ok(line) => say(&line),
        Err(error) => say(&error.to_string()),
    }
}

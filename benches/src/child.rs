//! What the child processes do: serve, or make calls and tell what they measured.

use std::io::{self, Read as _, Write as _};
use std::process;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use serde::de::DeserializeOwned;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::cpu;
use crate::load::{self, Measured};
use crate::pacer::Pacer;
use crate::recorder::Recorded;
use crate::setup::{ClientJob, CpuPerCall, Sample, Setup, SystemName};
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
    when_stdin_ends(move || {
        let _has_ended = stop.send(());
        thread::sleep(END_LIMIT);
        process::exit(1);
    });
    let stopped = async { drop(stopped.await) };
    Runtime::new()?.block_on(async {
        match setup.system {
            SystemName::Floor => Floor::serve(&setup, say, stopped).await,
            SystemName::KafkaRpc => KafkaRpc::serve(&setup, say, stopped).await,
            SystemName::Grpc => Grpc::serve(&setup, say, stopped).await,
        }
    })
}

/// Makes calls and prints what it measured as one line.
pub(crate) fn client(job: &str) -> anyhow::Result<()> {
    let job: ClientJob = parse(job)?;
    when_stdin_ends(|| process::exit(1));
    let sample = Runtime::new()?.block_on(async {
        match job.setup.system {
            SystemName::Floor => measure::<Floor>(&job).await,
            SystemName::KafkaRpc => measure::<KafkaRpc>(&job).await,
            SystemName::Grpc => measure::<Grpc>(&job).await,
        }
    })?;
    say(&serde_json::to_string(&sample)?);
    Ok(())
}

fn parse<T: DeserializeOwned>(job: &str) -> anyhow::Result<T> {
    serde_json::from_str(job).context("this command is for the program itself: use `compare`")
}

/// The parent reads it. Where it is gone, so is this process in a moment.
fn say(line: &str) {
    let _parent_is_gone = writeln!(io::stdout(), "{line}");
}

fn when_stdin_ends(end: impl FnOnce() + Send + 'static) {
    thread::spawn(move || {
        let _until_it_ends = io::stdin().read_to_end(&mut Vec::new());
        end();
    });
}

async fn measure<S: System>(job: &ClientJob) -> anyhow::Result<Sample> {
    let caller = S::connect(&job.setup, &job.servers).await?;
    let pacer = Pacer::start()?;
    let measured = load::run(
        &caller,
        &job.load,
        async |moment| pacer.wait_until(moment).await,
        || CpuTimes::now(job),
    )
    .await?;
    Ok(sample(measured))
}

struct CpuTimes {
    client: Option<Duration>,
    server: Option<Duration>,
    broker: Option<Duration>,
}

impl CpuTimes {
    fn now(job: &ClientJob) -> Self {
        Self {
            client: cpu::time_of(&[process::id()]),
            server: cpu::time_of(&job.server_processes),
            broker: job
                .broker_process
                .and_then(|broker| cpu::time_of(&[broker])),
        }
    }
}

fn sample(measured: Measured<CpuTimes>) -> Sample {
    let Measured {
        recorded,
        before,
        after,
    } = measured;
    Sample {
        rate_per_s: recorded.rate_per_s(),
        p50_us: recorded.quantile_us(0.5),
        p99_us: recorded.quantile_us(0.99),
        p999_us: recorded.quantile_us(0.999),
        errors: recorded.errors,
        cpu: CpuPerCall {
            client: per_call(before.client, after.client, &recorded),
            server: per_call(before.server, after.server, &recorded),
            broker: per_call(before.broker, after.broker, &recorded),
        },
        error: recorded.first_error,
    }
}

fn per_call(before: Option<Duration>, after: Option<Duration>, recorded: &Recorded) -> Option<f64> {
    let used = after?.checked_sub(before?)?;
    (recorded.completed > 0).then(|| used.as_secs_f64() * 1e6 / recorded.completed as f64)
}

//! A client process: what it does at each step.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::cpu;
use crate::load::{self, Measured};
use crate::pacer::Pacer;
use crate::recorder::Recorded;
use crate::setup::{ClientJob, CpuPerCall, Load, Made, Sample, WakeUpsPerCall};
use crate::system::{Caller, Clients, System};
use crate::threads::{self, Threads};

/// Between 256 held calls and the next ones.
const HOLD_PAUSE: Duration = Duration::from_millis(10);
/// How long the process has to be idle for its requests to be written.
const SETTLED: Duration = Duration::from_millis(600);
/// What an idle process may use of a core.
const IDLE: f64 = 0.05;
/// The longest that it may go on being busy.
const SETTLE_LIMIT: Duration = Duration::from_secs(60);

pub(crate) struct Client<'a, S: System> {
    job: &'a ClientJob,
    caller: Clients<S::Caller>,
    held: JoinSet<anyhow::Result<()>>,
}

impl<'a, S: System> Client<'a, S> {
    pub(crate) async fn connect(job: &'a ClientJob) -> anyhow::Result<Self> {
        let mut clients = Vec::new();
        for _ in 0..job.clients {
            clients.push(S::connect(&job.setup, &job.servers).await?);
        }
        Ok(Self {
            job,
            caller: Clients::new(clients)?,
            held: JoinSet::new(),
        })
    }

    pub(crate) async fn load(&self, load: &Load) -> anyhow::Result<Sample> {
        let pacer = Pacer::start()?;
        let measured = load::run(
            &self.caller,
            load,
            async |moment| pacer.wait_until(moment).await,
            || Used::now(self.job),
        )
        .await?;
        Ok(sample(measured))
    }

    pub(crate) async fn make(&self, calls: u64, callers: u32) -> anyhow::Result<Made> {
        let begin = Instant::now();
        let begun = Arc::new(AtomicU64::new(0));
        let mut tasks = JoinSet::new();
        for _ in 0..callers {
            let (caller, begun) = (self.caller.clone(), Arc::clone(&begun));
            tasks.spawn(async move {
                let mut made = Made::default();
                while begun.fetch_add(1, Ordering::Relaxed) < calls {
                    made.count(caller.call(None).await);
                }
                made
            });
        }
        let mut made = Made::default();
        while let Some(of_one) = tasks.join_next().await {
            let of_one = of_one.context("a caller panicked")?;
            made.errors += of_one.errors;
            made.error = made.error.or(of_one.error);
        }
        made.took = begin.elapsed();
        Ok(made)
    }

    pub(crate) async fn hold(&mut self, calls: u32, timeout: Duration) -> anyhow::Result<Made> {
        let begin = Instant::now();
        for index in 0..calls {
            let caller = self.caller.clone();
            self.held.spawn(async move { caller.hold(timeout).await });
            // Calls that wait are what is measured, not requests that wait to be written.
            if index % 256 == 255 {
                sleep(HOLD_PAUSE).await;
            }
        }
        settle().await?;
        let mut made = Made {
            took: begin.elapsed(),
            ..Made::default()
        };
        while let Some(ended) = self.held.try_join_next() {
            let error = ended.context("a held call panicked")?;
            made.count(error.context("a held call ended early").and_then(|()| {
                anyhow::bail!("a held call reached its deadline before all waited: hold longer")
            }));
        }
        Ok(made)
    }

    pub(crate) async fn read(&self, messages: u64, stop: Duration) -> anyhow::Result<Made> {
        let begin = Instant::now();
        let mut made = Made::default();
        made.count(self.caller.read(messages, stop).await);
        made.took = begin.elapsed();
        Ok(made)
    }

    pub(crate) async fn release(&mut self) -> anyhow::Result<Made> {
        let begin = Instant::now();
        let mut made = Made::default();
        while let Some(ended) = self.held.join_next().await {
            made.count(ended.context("a held call panicked")?);
        }
        // The set's own memory goes with it.
        self.held = JoinSet::new();
        settle().await?;
        made.took = begin.elapsed();
        Ok(made)
    }
}

impl Made {
    fn count(&mut self, outcome: anyhow::Result<()>) {
        if let Err(error) = outcome {
            self.errors += 1;
            self.error.get_or_insert_with(|| format!("{error:#}"));
        }
    }
}

/// Waits until this process has nothing to do: librdkafka doesn't tell when all is written.
async fn settle() -> anyhow::Result<()> {
    let own = || cpu::time_of(&[process::id()]).context("/proc does not tell this process's time");
    let limit = Instant::now() + SETTLE_LIMIT;
    let mut before = own()?;
    loop {
        sleep(SETTLED).await;
        let now = own()?;
        if (now - before).as_secs_f64() <= SETTLED.as_secs_f64() * IDLE {
            return Ok(());
        }
        ensure!(
            Instant::now() < limit,
            "the client is still busy after {SETTLE_LIMIT:?}"
        );
        before = now;
    }
}

struct Used {
    client: Option<Duration>,
    server: Option<Duration>,
    broker: Option<Duration>,
    client_threads: Option<Threads>,
    server_threads: Option<Threads>,
}

impl Used {
    fn now(job: &ClientJob) -> Self {
        let (client, servers) = ([process::id()], &job.server_processes);
        let of_some = |processes: &[u32]| (!processes.is_empty()).then(|| cpu::time_of(processes));
        Self {
            client: cpu::time_of(&client),
            server: cpu::time_of(servers),
            broker: of_some(&job.broker_processes).flatten(),
            client_threads: threads::of(&client),
            server_threads: threads::of(servers),
        }
    }
}

fn sample(measured: Measured<Used>) -> Sample {
    let Measured {
        recorded,
        before,
        after,
    } = measured;
    let time = |before, after| per_call(micros(before, after), &recorded);
    let sleeps = |before: Option<Threads>, after: Option<Threads>| {
        per_call(Some(after?.since(&before?).sleeps as f64), &recorded)
    };
    Sample {
        rate_per_s: recorded.rate_per_s(),
        p50_us: recorded.quantile_us(0.5),
        p99_us: recorded.quantile_us(0.99),
        p999_us: recorded.quantile_us(0.999),
        errors: recorded.errors,
        cpu: CpuPerCall {
            client: time(before.client, after.client),
            server: time(before.server, after.server),
            broker: time(before.broker, after.broker),
        },
        wake_ups: WakeUpsPerCall {
            client: sleeps(before.client_threads, after.client_threads),
            server: sleeps(before.server_threads, after.server_threads),
        },
        error: recorded.first_error,
    }
}

fn micros(before: Option<Duration>, after: Option<Duration>) -> Option<f64> {
    Some(after?.checked_sub(before?)?.as_secs_f64() * 1e6)
}

fn per_call(total: Option<f64>, recorded: &Recorded) -> Option<f64> {
    (recorded.completed > 0).then(|| total.map(|total| total / recorded.completed as f64))?
}

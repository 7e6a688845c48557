//! `kafka-rpc-sim`: see the README beside it.

mod arguments;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anyhow::Context as _;
use clap::Parser as _;
use kafka_rpc_simulation::{Played, play};
use parking_lot::Mutex;

use crate::arguments::Arguments;

/// The most violations that are shown of a seed.
const SHOWN: usize = 5;

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let total = match arguments.seed {
        Some(seed) => one(seed, &arguments)?,
        None => many(&arguments)?,
    };
    let Total {
        seeds,
        calls,
        violations,
    } = total;
    writeln!(
        io::stdout(),
        "seeds {seeds}, calls {calls}, violations {violations}"
    )?;
    Ok(match violations {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

#[derive(Clone, Copy, Default)]
struct Total {
    seeds: u64,
    calls: u64,
    violations: u64,
}

impl Total {
    fn add(&mut self, played: &Played) {
        self.seeds += 1;
        self.calls += played.calls as u64;
        self.violations += played.violations.len() as u64;
    }
}

fn one(seed: u64, arguments: &Arguments) -> anyhow::Result<Total> {
    if let Some(level) = &arguments.log {
        let level: tracing_subscriber::filter::LevelFilter =
            level.parse().context("--log takes a level")?;
        tracing_subscriber::fmt()
            .with_max_level(level)
            .without_time()
            .with_writer(io::stderr)
            .init();
    }
    let mut total = Total::default();
    let played = play(seed)?;
    let mut out = io::stdout().lock();
    if arguments.history {
        for event in &played.history {
            writeln!(out, "{}", serde_json::to_string(event)?)?;
        }
    }
    show(&mut out, seed, &played)?;
    writeln!(out, "digest {:08x}", played.digest())?;
    total.add(&played);
    Ok(total)
}

fn many(arguments: &Arguments) -> anyhow::Result<Total> {
    let next = AtomicU64::new(arguments.from);
    let end = arguments.from.saturating_add(arguments.seeds);
    let total = Mutex::new(Total::default());
    let work = || -> anyhow::Result<()> {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return Ok(());
            }
            let played = play(seed)?;
            total.lock().add(&played);
            show(&mut io::stdout().lock(), seed, &played)?;
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..arguments.threads.max(1))
            .map(|_| scope.spawn(work))
            .collect();
        for thread in threads {
            let played = thread.join();
            played.map_err(|_| anyhow::anyhow!("a simulation panicked"))??;
        }
        anyhow::Ok(())
    })?;
    Ok(total.into_inner())
}

fn show(out: &mut impl io::Write, seed: u64, played: &Played) -> io::Result<()> {
    for violation in played.violations.iter().take(SHOWN) {
        writeln!(out, "seed {seed}: {violation}")?;
    }
    Ok(())
}

//! The scenarios, one after the other.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use kafka_rpc::CallHandle;
use kafka_rpc_checker::{Allowance, Event, What, check, micros, read};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::arguments::RunArguments;
use crate::chance::Chance;
use crate::clock::now;
use crate::scenario::{ALL, DISK_FULL, HANDOVERS, TRANSACTIONS, play};
use crate::server::DRAIN_TIME;
use crate::stage::{SESSION_TIMEOUT, Site, Stage};
use crate::table::{Row, quantile, summary, table};
use crate::till::Paid;

/// How long one reply is looked for at the end.
const REPLY: Duration = Duration::from_secs(60);
/// How many are looked for at a time.
const AT_A_TIME: usize = 64;
/// What a takeover may take beyond the session timeout.
const TAKES_OVER: Duration = Duration::from_secs(2);
/// What a handover in good order may take.
const HANDS_OVER: Duration = Duration::from_secs(1);
const ALLOWANCE: Allowance = Allowance {
    outcome: Duration::from_millis(100),
    wakes_up: Duration::from_secs(2),
    // Besides its handlers it leaves the group, which may have lost its coordinator.
    drain: DRAIN_TIME.saturating_add(Duration::from_secs(10)),
};
/// The most violations that are shown of a scenario.
const SHOWN: usize = 20;

pub(crate) async fn run(arguments: &RunArguments) -> anyhow::Result<ExitCode> {
    let names = names(&arguments.scenarios)?;
    let temporary = tempfile::tempdir()?;
    let folder = arguments.histories.as_deref().unwrap_or(temporary.path());
    let mut out = io::stdout();
    writeln!(out, "three brokers start")?;
    let mut site = Site::build(arguments.seed).await?;
    let mut rows = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let seed = arguments.seed.wrapping_add(number as u64);
        let folder = folder.join(name);
        fs::create_dir_all(&folder).with_context(|| format!("can't make {}", folder.display()))?;
        let about = ALL.iter().find(|(known, _)| known == name);
        writeln!(out, "{name}: {}", about.map_or("", |(_, about)| about))?;
        let row = one(name, &mut site, &folder, seed, arguments.length).await?;
        for violation in row.report.violations.iter().take(SHOWN) {
            writeln!(out, "  VIOLATION {violation}")?;
        }
        rows.push(row);
    }
    write!(out, "\n{}", table(&rows))?;
    writeln!(out, "{}", summary(&rows))?;
    let good = rows.iter().all(|row| row.report.violations.is_empty());
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn names(wanted: &[String]) -> anyhow::Result<Vec<String>> {
    if wanted == ["all"] {
        return Ok(ALL.iter().map(|(name, _)| (*name).to_owned()).collect());
    }
    for name in wanted {
        let known = ALL.iter().any(|(known, _)| known == name);
        let names: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
        anyhow::ensure!(
            known,
            "there is no scenario {name:?}; there are all, {}",
            names.join(", ")
        );
    }
    Ok(wanted.to_vec())
}

async fn one(
    name: &str,
    site: &mut Site,
    folder: &Path,
    seed: u64,
    length: Duration,
) -> anyhow::Result<Row> {
    let begun = Instant::now();
    let prefix = format!("{name}-{seed}-{}.", std::process::id());
    let mut stage = Stage::new(site, prefix, folder, Chance::new(seed), length)?;
    play(name, &mut stage).await?;
    end(&mut stage, folder).await?;
    drop(stage);
    let mut report = check(&read(folder)?, &ALLOWANCE);
    let slow = [
        (
            "takeovers",
            &report.takeovers,
            (!name.starts_with(TRANSACTIONS)).then_some(SESSION_TIMEOUT + TAKES_OVER),
        ),
        (
            "handovers",
            &report.handovers,
            (name == HANDOVERS).then_some(HANDS_OVER),
        ),
    ];
    let mut violations = Vec::new();
    for (what, times, limit) in slow {
        let Some(limit) = limit else { continue };
        let mut times = times.clone();
        times.sort_unstable();
        if let Some(p99) = quantile(&times, 99).filter(|p99| *p99 > micros(limit)) {
            violations.push(format!("p99 of {what}: {} ms", p99 / 1_000));
        }
    }
    // The disk has room again long before the calls' time is over.
    if name == DISK_FULL && report.failed > 0 {
        violations.push(format!("{} calls were not answered", report.failed));
    }
    report.violations.extend(violations);
    Ok(Row {
        scenario: name.to_owned(),
        took: begun.elapsed(),
        report,
    })
}

/// Nothing is broken any more: what is on its way ends, and then all do.
async fn end(stage: &mut Stage<'_>, folder: &Path) -> anyhow::Result<()> {
    for client in &mut stage.clients {
        client.tell_to_end(&stage.history)?;
    }
    for client in stage.clients.drain(..) {
        client.has_ended()?;
    }
    find_replies(stage, folder).await?;
    for server in &mut stage.servers {
        server.tell_to_end(&stage.history)?;
    }
    for server in stage.servers.drain(..) {
        server.has_ended()?;
    }
    stage.tell_effects().await
}

/// Of calls that were left with Kafka, those that nobody has found.
async fn find_replies(stage: &Stage<'_>, folder: &Path) -> anyhow::Result<()> {
    let events = read(folder)?;
    let channel = stage.channel().await?;
    let mut lost = lost(&events).into_iter();
    let mut searches = JoinSet::new();
    loop {
        while searches.len() < AT_A_TIME
            && let Some((call, handle)) = lost.next()
        {
            let channel = channel.clone();
            searches.spawn(async move {
                let handle: CallHandle<Paid> = handle.parse()?;
                let found = timeout(REPLY, channel.reply(&handle)).await;
                let outcome = match found {
                    Ok(Ok(reply)) => Ok(reply.into_inner().call),
                    Ok(Err(status)) => Err(format!("{:?}: {}", status.code(), status.message())),
                    Err(_) => Err(format!("no reply within {REPLY:?}")),
                };
                anyhow::Ok(What::Ended {
                    call,
                    outcome,
                    ended: now(),
                })
            });
        }
        match searches.join_next().await {
            Some(ended) => stage.history.tell(ended??)?,
            None => return Ok(()),
        }
    }
}

fn lost(events: &[Event]) -> Vec<(String, String)> {
    let mut handles = std::collections::BTreeMap::new();
    for event in events {
        match &event.what {
            What::Kept { call, handle } => {
                handles.insert(call.clone(), handle.clone());
            }
            What::Ended { call, .. } => {
                handles.remove(call);
            }
            _ => {}
        }
    }
    handles.into_iter().collect()
}

//! What is broken, and how.

use std::fs;
use std::time::Duration;

use anyhow::bail;
use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::link::Weather;
use crate::node::Trouble;
use crate::stage::{Stage, Way};

/// The scenario in which servers go one at a time, so that it shows how long that takes.
pub(crate) const HANDOVERS: &str = "bounce-servers";

/// The scenarios in which servers write transactions. Who takes over may have to wait for the end of one.
pub(crate) const TRANSACTIONS: &str = "transactions-";

/// The scenario in which all calls are answered: the disk has room again in time.
pub(crate) const DISK_FULL: &str = "disk-full";

/// The scenarios, and what each does.
pub(crate) const ALL: &[(&str, &str)] = &[
    (
        "kill-servers",
        "SIGKILL of one of two servers every 8 to 12 s",
    ),
    (
        "kill-clients",
        "SIGKILL of one of two clients every 3 to 8 s",
    ),
    (
        "kill-brokers",
        "SIGKILL of one of three brokers, which is back after 3 to 8 s",
    ),
    ("pause-servers", "SIGSTOP of a server for 5 to 60 s"),
    ("pause-clients", "SIGSTOP of a client for 5 to 60 s"),
    ("pause-brokers", "SIGSTOP of a broker for 5 to 60 s"),
    (
        "bounce-servers",
        "a server ends in good order, and another takes its place",
    ),
    (
        "bounce-brokers",
        "a broker ends in good order, and is back at once",
    ),
    ("cut-server", "a server reaches no broker for 5 to 20 s"),
    ("cut-client", "a client reaches no broker for 5 to 20 s"),
    (
        "weather",
        "500 ms of delay and 5 % of loss, each way, between all nodes and the brokers",
    ),
    ("storm", "servers join and leave, one every second"),
    (
        "late-commits",
        "SIGKILL of servers that commit every 5 s only",
    ),
    (
        "clocks",
        "the clocks of both clients and a server are an hour off, one ahead and two behind",
    ),
    (
        DISK_FULL,
        "the disk with the records of deduplicated calls is full for 2 to 10 s",
    ),
    (
        "transactions-kill",
        "SIGKILL of servers that write transactions",
    ),
    (
        "transactions-pause",
        "SIGSTOP of servers that write transactions, for 5 to 60 s",
    ),
    (
        "transactions-brokers",
        "SIGKILL of brokers that take transactions",
    ),
    (
        "transactions-cut",
        "a server that writes transactions reaches no broker for 5 to 20 s",
    ),
    (
        "transactions-storm",
        "servers that write transactions join and leave",
    ),
];

/// Runs to the end of the stage's time.
pub(crate) async fn play(name: &str, stage: &mut Stage<'_>) -> anyhow::Result<()> {
    let name = match name.strip_prefix(TRANSACTIONS) {
        Some(fault) => {
            stage.with_transactions().await;
            match fault {
                "kill" => "kill-servers",
                "pause" => "pause-servers",
                "brokers" => "kill-brokers",
                "cut" => "cut-server",
                fault => fault,
            }
        }
        None => name,
    };
    match name {
        "kill-servers" => kill_servers(stage).await,
        "kill-clients" => kill_clients(stage).await,
        "kill-brokers" => kill_brokers(stage).await,
        "pause-servers" => pause_servers(stage).await,
        "pause-clients" => pause_clients(stage).await,
        "pause-brokers" => pause_brokers(stage).await,
        "bounce-servers" => bounce_servers(stage).await,
        "bounce-brokers" => bounce_brokers(stage).await,
        "cut-server" => cut_server(stage).await,
        "cut-client" => cut_client(stage).await,
        "weather" => weather(stage).await,
        "storm" => storm(stage).await,
        "late-commits" => late_commits(stage).await,
        "clocks" => clocks(stage).await,
        DISK_FULL => disk_full(stage).await,
        _ => {
            let names: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
            bail!(
                "there is no scenario {name:?}; there are {}",
                names.join(", ")
            )
        }
    }
}

async fn kill_servers(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.opens(Way::STRAIGHT, Way::STRAIGHT)?;
    kill_servers_every(stage, 8_000..12_000).await
}

async fn kill_servers_every(
    stage: &mut Stage<'_>,
    millis: std::ops::Range<usize>,
) -> anyhow::Result<()> {
    while stage.rest_about(millis.clone()).await {
        let victim = stage.chance.of(0..stage.servers.len());
        let victim = stage.servers.remove(victim);
        let instance = victim.instance.clone();
        victim.kill(&stage.history)?;
        let mut next = stage.server_as(Way::Straight, instance)?;
        next.is_ready();
        stage.servers.push(next);
    }
    Ok(())
}

async fn disk_full(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    let full = stage.file("disk-is-full");
    stage.stores = true;
    stage.trouble = Trouble::Disk(full.clone());
    stage.opens(Way::STRAIGHT, Way::STRAIGHT)?;
    while stage.rest_about(3_000..8_000).await {
        fs::write(&full, "")?;
        sleep(stage.chance.millis(2_000..10_000)).await;
        fs::remove_file(&full)?;
    }
    Ok(())
}

async fn late_commits(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.commit_interval = Duration::from_secs(5);
    stage.opens(Way::STRAIGHT, Way::STRAIGHT)?;
    kill_servers_every(stage, 11_000..17_000).await
}

async fn kill_clients(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.opens(Way::STRAIGHT, Way::STRAIGHT)?;
    while stage.rest_about(3_000..8_000).await {
        let victim = stage.chance.of(0..stage.clients.len());
        stage.clients.remove(victim).kill(&stage.history)?;
        let mut next = stage.client(Way::Straight)?;
        next.is_ready();
        stage.clients.push(next);
    }
    Ok(())
}

async fn kill_brokers(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.opens(Way::STRAIGHT, Way::STRAIGHT)?;
    while stage.rest_about(8_000..15_000).await {
        let victim = stage.chance.of(0..3);
        stage.site.brokers[victim].kill();
        sleep(stage.chance.millis(3_000..8_000)).await;
        block_in_place(|| stage.site.brokers[victim].restart());
    }
    Ok(())
}

async fn bounce_brokers(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.opens(Way::STRAIGHT, Way::STRAIGHT)?;
    while stage.rest_about(8_000..15_000).await {
        let broker = stage.chance.of(0..3);
        block_in_place(|| stage.site.brokers[broker].restart());
    }
    Ok(())
}

async fn pause_brokers(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.opens(Way::STRAIGHT, Way::STRAIGHT)?;
    while stage.rest_about(5_000..10_000).await {
        let broker = stage.chance.of(0..3);
        stage.site.brokers[broker].pause();
        sleep(stage.chance.millis(5_000..60_000)).await;
        stage.site.brokers[broker].resume();
    }
    Ok(())
}

async fn pause_servers(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.opens(Way::STRAIGHT, Way::STRAIGHT)?;
    while stage.rest_about(3_000..8_000).await {
        let victim = stage.chance.of(0..stage.servers.len());
        stage.servers[victim].pause(&stage.history)?;
        sleep(stage.chance.millis(5_000..60_000)).await;
        stage.servers[victim].resume(&stage.history)?;
    }
    Ok(())
}

async fn pause_clients(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.opens(Way::STRAIGHT, Way::STRAIGHT)?;
    while stage.rest_about(3_000..8_000).await {
        let victim = stage.chance.of(0..stage.clients.len());
        stage.clients[victim].pause(&stage.history)?;
        sleep(stage.chance.millis(5_000..60_000)).await;
        stage.clients[victim].resume(&stage.history)?;
    }
    Ok(())
}

async fn bounce_servers(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.opens(Way::STRAIGHT, Way::STRAIGHT)?;
    while stage.rest_about(5_000..10_000).await {
        let leaves = stage.chance.of(0..stage.servers.len());
        let mut leaving = stage.servers.remove(leaves);
        let mut next = stage.server(Way::Straight)?;
        next.is_ready();
        stage.servers.push(next);
        // Clients of Kafka join once a second at most: what follows within that has to wait for it.
        sleep(Duration::from_secs(3)).await;
        leaving.tell_to_end(&stage.history)?;
        leaving.has_ended()?;
    }
    Ok(())
}

async fn cut_server(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.opens([Way::First, Way::Straight], Way::STRAIGHT)?;
    while stage.rest_about(5_000..10_000).await {
        let time = stage.chance.millis(5_000..20_000);
        stage.cut(Way::First, &stage.servers[0], time).await?;
    }
    Ok(())
}

async fn cut_client(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.opens(Way::STRAIGHT, [Way::First, Way::Straight])?;
    while stage.rest_about(5_000..10_000).await {
        let time = stage.chance.millis(5_000..20_000);
        stage.cut(Way::First, &stage.clients[0], time).await?;
    }
    Ok(())
}

async fn weather(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    let bad = Weather {
        delay: Duration::from_millis(500),
        loss: 5,
        ..Weather::default()
    };
    stage.site.weather(Way::First, bad);
    stage.site.weather(Way::Second, bad);
    let outcome = stage.opens([Way::First; 2], [Way::Second; 2]);
    if outcome.is_ok() {
        let left = stage.until - tokio::time::Instant::now();
        stage.rest(left).await;
    }
    stage.site.weather(Way::First, Weather::default());
    stage.site.weather(Way::Second, Weather::default());
    outcome
}

async fn storm(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.opens(Way::STRAIGHT, Way::STRAIGHT)?;
    while stage.rest(Duration::from_secs(1)).await {
        let many = stage.servers.len() > 4;
        if many || (stage.servers.len() > 2 && stage.chance.percent(50)) {
            // Not the first two: somebody has to be there.
            let leaves = stage.chance.of(2..stage.servers.len());
            let mut leaving = stage.servers.remove(leaves);
            leaving.is_ready();
            leaving.tell_to_end(&stage.history)?;
            leaving.has_ended()?;
        } else {
            let joins = stage.server(Way::Straight)?;
            stage.servers.push(joins);
        }
    }
    for server in &mut stage.servers[2..] {
        server.is_ready();
    }
    Ok(())
}

/// A request is as old as its record says, by the clock of its server. So those of the client that is behind are too late for the
/// server that is right, but for those that have an hour; and nothing else is.
async fn clocks(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    // Kafka takes no record that is an hour ahead of it.
    const ALMOST_AN_HOUR: i64 = 3_570;
    stage.trouble = Trouble::Clock(-ALMOST_AN_HOUR - 30);
    let behind = stage.server(Way::Straight)?;
    stage.trouble = Trouble::None;
    let right = stage.server(Way::Straight)?;
    stage.trouble = Trouble::Clock(ALMOST_AN_HOUR);
    let early = stage.client(Way::Straight)?;
    stage.trouble = Trouble::Clock(-ALMOST_AN_HOUR);
    let late = stage.client(Way::Straight)?;
    stage.trouble = Trouble::None;
    stage.open_with([behind, right], [early, late]);
    let left = stage.until - tokio::time::Instant::now();
    stage.rest(left).await;
    Ok(())
}

//! Many resumable streams through two server processes, of which one is killed with SIGKILL and started again every few
//! seconds: every caller has to see each number once, in order.
//!
//! ```text
//! cargo run --release -p kafka-rpc-tests --bin streams-survive-kills -- for=120s
//! ```
//! Prints how many numbers came, how often streams went on at another server, and the longest wait for a number. Ends with 1
//! where a promise was broken. Boots a Kafka unless `bootstrap=host:port` names one; for the other settings see [`Options`].

mod options;

use std::collections::BTreeSet;
use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use kafka_rpc::{Channel, Cluster, IntoRequest as _, TopicSettings};
use kafka_rpc_tests::desk_server::{DeskServer, Settings, serve};
use kafka_rpc_tests::kafka;
use kafka_rpc_tests::relay::{Ask, RelayClient};
use kafka_rpc_tests::world::World;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval_at, timeout};

use crate::options::Options;

/// How long a caller may wait for a number at most: two session timeouts and more.
const LONGEST: Duration = Duration::from_secs(45);

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = env::args().skip(1).peekable();
    if arguments.next_if_eq("serve").is_some() {
        serve(arguments)?;
        return Ok(ExitCode::SUCCESS);
    }
    let options = Options::parse(arguments)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let seen = runtime.block_on(run(&options))?;
    let mut out = io::stdout();
    let numbers: u64 = seen.iter().map(|seen| seen.numbers).sum();
    let moves: usize = seen.iter().map(|seen| seen.moves).sum();
    let servers: BTreeSet<u32> = seen
        .iter()
        .flat_map(|seen| &seen.servers)
        .copied()
        .collect();
    let longest = seen.iter().map(|seen| seen.longest).max();
    let violations: Vec<_> = seen
        .iter()
        .filter_map(|seen| seen.violation.as_ref())
        .collect();
    writeln!(
        out,
        "{} streams, {numbers} numbers from {} servers, {moves} times on at another server, longest wait {:.1?}",
        seen.len(),
        servers.len(),
        longest.unwrap_or_default(),
    )?;
    for violation in &violations {
        writeln!(out, "{violation}")?;
    }
    writeln!(out, "{} violations", violations.len())?;
    let good = violations.is_empty() && seen.iter().all(|seen| seen.numbers > 0);
    Ok(match good {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// What one caller saw.
#[derive(Default)]
struct Seen {
    numbers: u64,
    servers: BTreeSet<u32>,
    moves: usize,
    longest: Duration,
    violation: Option<String>,
}

async fn run(options: &Options) -> Result<Vec<Seen>, Box<dyn Error>> {
    let bootstrap = match &options.bootstrap {
        Some(bootstrap) => bootstrap.as_str(),
        None => kafka::shared().bootstrap(),
    };
    let world = World::on(Cluster::new(bootstrap))
        .with(|cluster| cluster.topics(TopicSettings::new().partitions(4)));
    let channel = Channel::connect(world.cluster()).await?;
    channel.prepare(<RelayClient>::DESCRIPTOR).await?;
    let folder = tempfile::tempdir()?;
    let program = env::current_exe()?;
    let launch = |index: usize| {
        let settings = Settings {
            session_timeout: options.session_timeout,
            instance_id: options.static_members.then(|| format!("server-{index}")),
            relay: true,
            ..Settings::new(&world, folder.path().join("runs"))
        };
        DeskServer::launch(&program, &settings)
    };
    let mut servers = [launch(0), launch(1)];
    for server in &mut servers {
        server.ready();
    }

    let (stop, stopped) = watch::channel(false);
    let mut callers = JoinSet::new();
    for _ in 0..options.streams {
        callers.spawn(read(
            RelayClient::new(channel.clone()),
            options.pause,
            stopped.clone(),
        ));
    }
    let mut ticks = interval_at(Instant::now() + options.every, options.every);
    let end = Instant::now() + options.length;
    for turn in 0.. {
        tokio::select! {
            _ = ticks.tick() => {}
            () = tokio::time::sleep_until(end) => break,
        }
        let server = &mut servers[turn % 2];
        server.kill();
        *server = launch(turn % 2);
    }
    stop.send(true)?;
    let seen = callers.join_all().await;
    for server in &mut servers {
        server.ready();
        server.shut_down();
    }
    Ok(seen)
}

async fn read(mut relay: RelayClient, pause: Duration, stopped: watch::Receiver<bool>) -> Seen {
    let mut seen = Seen::default();
    let mut request = Ask {
        count: u64::MAX - 1,
        pause_millis: pause.as_millis() as u32,
        ..Ask::default()
    }
    .into_request();
    request.set_timeout(Duration::from_secs(3600));
    let mut numbers = match timeout(LONGEST, relay.resume(request)).await {
        Ok(Ok(response)) => response.into_inner(),
        Ok(Err(status)) => {
            seen.violation = Some(format!("no stream: {status}"));
            return seen;
        }
        Err(_) => {
            seen.violation = Some("the stream did not begin".to_owned());
            return seen;
        }
    };
    let mut server = None;
    while !*stopped.borrow() {
        let begun = Instant::now();
        let number = match timeout(LONGEST, numbers.message()).await {
            Ok(Ok(Some(number))) => number,
            Ok(Ok(None)) => {
                seen.violation = Some(format!("it ended after {}", seen.numbers));
                break;
            }
            Ok(Err(status)) => {
                seen.violation = Some(format!("it failed after {}: {status}", seen.numbers));
                break;
            }
            Err(_) => {
                seen.violation = Some(format!("nothing for {LONGEST:?} after {}", seen.numbers));
                break;
            }
        };
        seen.longest = seen.longest.max(begun.elapsed());
        if number.value != seen.numbers + 1 {
            seen.violation = Some(format!("{} came after {}", number.value, seen.numbers));
            break;
        }
        seen.numbers = number.value;
        seen.servers.insert(number.process);
        if server
            .replace(number.process)
            .is_some_and(|before| before != number.process)
        {
            seen.moves += 1;
        }
    }
    seen
}

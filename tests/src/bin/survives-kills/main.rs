//! One client with many calls in flight through two server processes, of which one is killed with SIGKILL and started again
//! every few seconds: every call has to get its reply by its deadline.
//!
//! ```text
//! cargo run --release -p kafka-rpc-tests --bin survives-kills -- for=120s
//! ```
//! Prints how many calls there were, how they ended, which handlers ran again, and how long the longest call took. Ends with
//! 1 where a promise was broken. Boots a Kafka unless `bootstrap=host:port` names one; for the other settings see
//! [`options::Options`].

mod options;
mod report;

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use kafka_rpc::Cluster;
use kafka_rpc_tests::desk_server::{DeskServer, Runs, Settings, serve};
use kafka_rpc_tests::kafka;
use kafka_rpc_tests::load::{Load, now};
use kafka_rpc_tests::world::World;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::options::Options;
use crate::report::{Kill, Report};

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
    let report = runtime.block_on(run(&options))?;
    writeln!(io::stdout(), "{report}")?;
    Ok(match report.is_good() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

async fn run(options: &Options) -> Result<Report, Box<dyn Error>> {
    let bootstrap = match &options.bootstrap {
        Some(bootstrap) => bootstrap.as_str(),
        None => kafka::shared().bootstrap(),
    };
    let world = World::on(Cluster::new(bootstrap));
    let client = world.client().await;
    let folder = tempfile::tempdir()?;
    let program = env::current_exe()?;
    let launch = |index: usize| {
        let settings = Settings {
            work: options.work,
            session_timeout: options.session_timeout,
            instance_id: options.static_members.then(|| format!("server-{index}")),
            ..Settings::new(&world, folder.path().join("runs"))
        };
        DeskServer::launch(&program, &settings)
    };
    let mut servers = [launch(0), launch(1)];
    for server in &mut servers {
        server.ready();
    }

    let load = Load::start(&client, options.calls, options.deadline);
    let mut kills = Vec::new();
    let mut ticks = interval_at(Instant::now() + options.every, options.every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let end = Instant::now() + options.length;
    for turn in 0.. {
        tokio::select! {
            _ = ticks.tick() => {}
            () = tokio::time::sleep_until(end) => break,
        }
        let index = turn % 2;
        let server = &mut servers[index];
        server.kill();
        kills.push(Kill {
            server: server.id(),
            at: now(),
        });
        *server = launch(index);
    }
    let calls = load.stop().await;
    for server in &mut servers {
        server.shut_down();
    }
    let runs = Runs::read(&folder.path().join("runs"));
    let replies = report::replies_written(&world, Duration::from_secs(10))?;
    Ok(Report::new(options, &calls, &runs, &kills, replies))
}

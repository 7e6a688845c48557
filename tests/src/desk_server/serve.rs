use std::future::pending;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use kafka_rpc::{Cluster, OutboxRecord, Status};
use tokio::signal::unix::{SignalKind, signal};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use super::Settings;
use super::runs::RunLog;
use crate::relay::{Numbers, RelayServer};
use crate::service::{BankServer, Scripted, receipt};
use crate::world::desk;

/// How long what calls of the bank came to is known, and how much of it.
const WINDOW: Duration = Duration::from_secs(3600);
const RECORDS: u64 = 64 * 1024 * 1024;

/// Runs a server as the arguments tell, until SIGTERM. Prints `ready` when it takes calls, and `ended` when it has shut
/// down in good order.
pub fn serve(
    arguments: impl IntoIterator<Item = String>,
) -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::from_arguments(arguments)?;
    // A test that fails shows it. `RUST_LOG` asks for more.
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::WARN.into());
    tracing_subscriber::fmt()
        .with_env_filter(filter.from_env_lossy())
        .with_writer(io::stderr)
        .init();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?
        .block_on(run(settings))
}

async fn run(settings: Settings) -> Result<(), Box<dyn std::error::Error>> {
    let cluster = Cluster::new(settings.bootstrap).topic_prefix(settings.prefix);
    let log = Arc::new(RunLog::open(&settings.runs)?);
    let transactions = settings.outbox.is_some();
    let outbox: Option<Arc<str>> = settings.outbox.map(Arc::from);
    let script = Scripted::new(move |request| {
        let (log, topic) = (Arc::clone(&log), outbox.clone());
        async move {
            if let Some(topic) = topic {
                let number = request.get_ref().number.to_string();
                request.outbox()?.send(OutboxRecord::new(topic, number))?;
            }
            let order = request.into_inner();
            log.append(order.number)
                .map_err(|error| Status::internal(error.to_string()))?;
            if settings.hold == Some(order.number) {
                pending::<()>().await;
            }
            tokio::time::sleep(settings.work).await;
            Ok(receipt(order))
        }
    });
    let bank = settings.bank.then(|| BankServer::new(script.clone()));
    let mut server = desk(script).consumer_property(
        "session.timeout.ms",
        settings.session_timeout.as_millis().to_string(),
    );
    server = server.consumer_property("heartbeat.interval.ms", "300");
    server = server.transactions(transactions);
    if settings.relay {
        server = server.add_service(RelayServer::new(Numbers::default()));
    }
    if let Some(bank) = bank {
        server = server
            .add_service(bank)
            .deduplication_topics(WINDOW, RECORDS);
    }
    if let Some(id) = settings.instance_id {
        server = server.instance_id(id);
    }
    let handle = server.handle();
    let mut terminated = signal(SignalKind::terminate())?;
    let serving = server.serve_with_shutdown(&cluster, async move {
        terminated.recv().await;
    });
    tokio::pin!(serving);
    let ended = tokio::select! {
        ended = &mut serving => ended,
        () = handle.ready() => {
            say("ready")?;
            serving.await
        }
    };
    ended?;
    say("ended")?;
    Ok(())
}

fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}

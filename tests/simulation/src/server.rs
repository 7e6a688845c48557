//! The process of a server.

use std::time::Duration;

use kafka_rpc::simulation::{Chance, Process};
use kafka_rpc::{Cluster, Server};
use kafka_rpc_checker::What;
use tokio::sync::oneshot;

use crate::bank::{BankServer, Counter};
use crate::stage::Teller;
use crate::store::Database;

/// How long handlers and replies may go on when a server ends.
pub(crate) const DRAIN_TIME: Duration = Duration::from_secs(2);

/// How long what deduplicated calls came to is kept in topics, and how many bytes of it in memory.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const RECORDS: u64 = 16 * 1024 * 1024;

/// A server that runs.
pub(crate) struct ServerNode {
    pub(crate) process: Process,
    pub(crate) teller: Teller,
    end: Option<oneshot::Sender<()>>,
    /// Why it has ended.
    pub(crate) ended: oneshot::Receiver<Result<(), String>>,
}

impl ServerNode {
    pub(crate) fn launch(
        cluster: &Cluster,
        database: Option<&Database>,
        teller: Teller,
        mut chance: Chance,
    ) -> Self {
        let process = Process::new();
        let (end, signal) = oneshot::channel();
        let (over, ended) = oneshot::channel();
        let server = Server::builder()
            .commit_interval(interval(&mut chance))
            .concurrency_limit(chance.of(1..17) as usize)
            .queue_limit(chance.of(1..33) as usize)
            .drain_time(DRAIN_TIME)
            .revoke_grace(chance.millis(50..3_000))
            .connect_timeout(Duration::from_secs(60))
            .add_service(BankServer::new(Counter {
                teller: teller.clone(),
            }));
        let server = match database {
            Some(database) => server.deduplication(database.clone()),
            None => server.deduplication_topics(DAY, RECORDS),
        };
        let (told, cluster) = (teller.clone(), cluster.clone());
        process.spawn(async move {
            let shutdown = async {
                // Nobody tells it any more where the simulation is over.
                let _over = signal.await;
                told.tell(What::Draining);
            };
            let outcome = server.serve_with_shutdown(&cluster, shutdown).await;
            if outcome.is_ok() {
                told.tell(What::Drained);
            }
            let _nobody_waits = over.send(outcome.map_err(|error| error.to_string()));
        });
        Self {
            process,
            teller,
            end: Some(end),
            ended,
        }
    }

    /// Tells it to end.
    pub(crate) fn end(&mut self) {
        if let Some(end) = self.end.take() {
            let _ended_already = end.send(());
        }
    }
}

/// Most servers commit often, some seldom.
fn interval(chance: &mut Chance) -> Duration {
    match chance.permille(800) {
        true => chance.millis(1..50),
        false => chance.millis(50..3_000),
    }
}

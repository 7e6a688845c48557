//! The process of a client: callers that make one call after the other.

use std::time::Duration;

use kafka_rpc::simulation::{Chance, Process, pending, spawn};
use kafka_rpc::{Channel, Cluster, Code, RetryPolicy, TopicSettings};
use kafka_rpc_checker::What;
use tokio::sync::oneshot;

use crate::bank::BankClient;
use crate::caller::Caller;
use crate::plan::Plan;
use crate::stage::Teller;

/// A client that runs.
pub(crate) struct ClientNode {
    pub(crate) process: Process,
    pub(crate) teller: Teller,
    /// Why it has ended, and how many calls it still has then.
    pub(crate) ended: oneshot::Receiver<Result<usize, String>>,
}

impl ClientNode {
    pub(crate) fn launch(cluster: &Cluster, teller: Teller, chance: Chance, plan: &Plan) -> Self {
        let process = Process::new();
        let (over, ended) = oneshot::channel();
        let run = run(cluster.clone(), teller.clone(), chance, plan.clone());
        process.spawn(async move {
            let _nobody_waits = over.send(run.await);
        });
        Self {
            process,
            teller,
            ended,
        }
    }
}

async fn run(
    cluster: Cluster,
    teller: Teller,
    mut chance: Chance,
    plan: Plan,
) -> Result<usize, String> {
    let policy = RetryPolicy::new()
        .attempts(3)
        .codes(&[Code::Unavailable, Code::Internal]);
    let mut builder = Channel::builder().connect_timeout(Duration::from_secs(60));
    if chance.permille(500) {
        builder = builder.retry_method(<BankClient>::DESCRIPTOR, "Quote", policy);
    }
    if chance.permille(100) {
        builder = builder.pending_limit(2);
    }
    let channel = builder
        .connect(&cluster)
        .await
        .map_err(|error| error.to_string())?;
    let callers: Vec<_> = (0..plan.callers)
        .map(|number| {
            let caller = Caller {
                teller: teller.clone(),
                channel: channel.clone(),
                bank: BankClient::new(channel.clone()),
                chance: chance.fork(),
                name: format!("{}-{number}", teller.node()),
                calls: 0,
                orders: 0,
            };
            spawn(caller.run(plan.calls, plan.rest))
        })
        .collect();
    for caller in callers {
        caller.await.map_err(|error| error.to_string())?;
    }
    teller.tell(What::Done);
    Ok(pending(&channel))
}

/// The topics that the clients and the servers make.
pub(crate) fn topics(plan: &Plan) -> TopicSettings {
    TopicSettings::new()
        .partitions(plan.partitions)
        .reply_partitions(plan.reply_partitions)
}

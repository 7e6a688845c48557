//! A client of the suites' service, to be killed: `desk-client BOOTSTRAP PREFIX CALLS` makes so many calls at once.

use std::env;
use std::error::Error;

use kafka_rpc::{Channel, Cluster};
use kafka_rpc_tests::service::{DeskClient, Order};
use tokio::task::JoinSet;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let mut next = || {
        arguments
            .next()
            .ok_or("usage: desk-client BOOTSTRAP PREFIX CALLS")
    };
    let cluster = Cluster::new(next()?).topic_prefix(next()?);
    let calls = next()?.parse()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(call(&cluster, calls))
}

async fn call(cluster: &Cluster, calls: u32) -> Result<(), Box<dyn Error>> {
    let desk = DeskClient::new(Channel::connect(cluster).await?);
    let mut pending = JoinSet::new();
    for number in 0..calls {
        let mut desk = desk.clone();
        pending.spawn(async move { desk.ask(Order::number(number)).await });
    }
    while let Some(outcome) = pending.join_next().await {
        outcome??;
    }
    Ok(())
}

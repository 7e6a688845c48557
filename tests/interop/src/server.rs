use std::env;
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;
use kafka_rpc::{Cluster, Server};
use kafka_rpc_tests::process::Child;

use crate::proto::{TestServiceServer, UnimplementedServiceServer, WitnessServer};
use crate::service::Interop;

const READY: &str = "ready";
const STARTS: Duration = Duration::from_secs(60);

/// Serves until it is killed. Prints `ready` when it takes calls.
pub(crate) async fn serve(brokers: &str, prefix: &str) -> anyhow::Result<()> {
    let cluster = Cluster::new(brokers).topic_prefix(prefix);
    let interop = Interop::default();
    let server = Server::builder()
        .add_service(TestServiceServer::new(interop.clone()))
        .add_service(UnimplementedServiceServer::new(interop.clone()))
        .add_service(WitnessServer::new(interop));
    let handle = server.handle();
    let serving = server.serve(&cluster);
    tokio::pin!(serving);
    tokio::select! {
        ended = &mut serving => ended?,
        () = handle.ready() => {
            println!("{READY}");
            serving.await?;
        }
    }
    Ok(())
}

/// Runs this program as a server, ready to take calls, until the returned value is dropped.
pub(crate) fn spawn(brokers: &str, prefix: &str) -> anyhow::Result<Child> {
    let program = env::current_exe().context("can't tell where this program is")?;
    let mut server = Child::spawn(Command::new(program).args(["serve", brokers, prefix]));
    server.wait_for_line(READY, STARTS);
    Ok(server)
}

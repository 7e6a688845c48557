//! A stream of prices that goes on at the next server when its server ends.
//!
//! - `cargo run -p prices` watches prices while their server is shut down and another started, all in one process, on a
//!   broker inside of the process, or with `KAFKA_BROKERS=host:port` on a real one.
//! - `KAFKA_BROKERS=host:port cargo run -p prices -- server NAME` is a server, until ctrl-c. Start two.
//! - `KAFKA_BROKERS=host:port cargo run -p prices -- client` watches prices. End the server that sends them, or kill it.

mod exchange;
mod watcher;

use std::env;

use kafka_rpc::{BoxError, Cluster};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// What `kafka-rpc-build` wrote of `proto/prices.proto`.
mod proto {
    kafka_rpc::include_proto!("prices.v1");
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => all_in_one().await,
        ["server", name] => {
            println!("the server sends prices; ctrl-c ends it");
            let ended = async { drop(tokio::signal::ctrl_c().await) };
            Ok(exchange::serve(&Cluster::from_env()?, name, ended).await?)
        }
        ["client"] => {
            let mut watcher = watcher::watch(&Cluster::from_env()?, 1000).await?;
            watcher.print(1000).await?;
            watcher.end().await
        }
        _ => Err("usage: prices [server NAME | client]".into()),
    }
}

async fn all_in_one() -> Result<(), BoxError> {
    let cluster = Cluster::from_env_or_embedded()?;
    let first = Running::start(&cluster, "first");
    let mut watcher = watcher::watch(&cluster, 20).await?;
    watcher.print(8).await?;

    println!("the first server ends, a second one starts");
    let second = async {
        first.end().await?;
        Ok::<_, BoxError>(Running::start(&cluster, "second"))
    };
    let (second, ()) = tokio::try_join!(second, watcher.print(12))?;

    watcher.end().await?;
    second.end().await
}

/// A server in a task.
struct Running {
    end: oneshot::Sender<()>,
    ended: JoinHandle<Result<(), kafka_rpc::Error>>,
}

impl Running {
    fn start(cluster: &Cluster, name: &'static str) -> Self {
        let cluster = cluster.clone();
        let (end, told) = oneshot::channel();
        let ended = tokio::spawn(async move {
            let told = async { drop(told.await) };
            exchange::serve(&cluster, name, told).await
        });
        Self { end, ended }
    }

    async fn end(self) -> Result<(), BoxError> {
        drop(self.end);
        Ok(self.ended.await??)
    }
}

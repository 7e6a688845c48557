//! Rooms in which several clients talk.
//!
//! - `cargo run -p chat` runs a server and scripted clients in one process, on a broker inside of the process, or with
//!   `KAFKA_BROKERS=host:port` on a real one, and prints what is said.
//! - `KAFKA_BROKERS=host:port cargo run -p chat -- server` is a server, until ctrl-c.
//! - `KAFKA_BROKERS=host:port cargo run -p chat -- client NAME [ROOM]` is in a room: what is typed is said, until ctrl-d.

mod member;
mod person;
mod rooms;
mod script;

use std::env;

use kafka_rpc::{BoxError, Cluster};
use tokio::sync::oneshot;

/// What `kafka-rpc-build` wrote of `proto/chat.proto`.
mod proto {
    kafka_rpc::include_proto!("chat.v1");
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => all_in_one().await,
        ["server"] => {
            println!("the rooms are open; ctrl-c closes them");
            let closed = async { drop(tokio::signal::ctrl_c().await) };
            Ok(rooms::serve(&Cluster::from_env()?, closed).await?)
        }
        ["client", name] => person::talk(&Cluster::from_env()?, "lobby", name).await,
        ["client", name, room] => person::talk(&Cluster::from_env()?, room, name).await,
        _ => Err("usage: chat [server | client NAME [ROOM]]".into()),
    }
}

async fn all_in_one() -> Result<(), BoxError> {
    let cluster = Cluster::from_env_or_embedded()?;
    let (close, closed) = oneshot::channel::<()>();
    tokio::try_join!(
        async {
            let closed = async { drop(closed.await) };
            rooms::serve(&cluster, closed).await.map_err(BoxError::from)
        },
        async {
            script::play(&cluster).await?;
            drop(close);
            Ok(())
        },
    )?;
    Ok(())
}

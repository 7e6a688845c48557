//! A file that is uploaded as a stream.
//!
//! - `cargo run -p upload [FILE]` runs a server and a client in one process, on a broker inside of the process, or with
//!   `KAFKA_BROKERS=host:port` on a real one, and uploads the file, or one that is made up. The server's folder goes with
//!   the program.
//! - `KAFKA_BROKERS=host:port cargo run -p upload -- server FOLDER` is a server, until ctrl-c.
//! - `KAFKA_BROKERS=host:port cargo run -p upload -- client FILE` uploads a file.

mod progress;
mod receiver;
mod sender;

use std::env;
use std::path::Path;

use kafka_rpc::{BoxError, Cluster};
use tokio::sync::oneshot;

use crate::sender::Source;

/// What `kafka-rpc-build` wrote of `proto/files.proto`.
mod proto {
    kafka_rpc::include_proto!("files.v1");
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["server", folder] => {
            println!("the server takes files; ctrl-c ends it");
            let ended = async { drop(tokio::signal::ctrl_c().await) };
            Ok(receiver::serve(&Cluster::from_env()?, Path::new(folder), ended).await?)
        }
        ["client", file] => {
            let source = Source::open(Path::new(file)).await?;
            sender::upload(&Cluster::from_env()?, source).await
        }
        [] => {
            let folder = tempfile::tempdir()?;
            let file = folder.path().join("made-up.bin");
            tokio::fs::write(&file, made_up(8 << 20)).await?;
            all_in_one(&file).await
        }
        [file] => all_in_one(Path::new(file)).await,
        _ => Err("usage: upload [FILE | server FOLDER | client FILE]".into()),
    }
}

async fn all_in_one(file: &Path) -> Result<(), BoxError> {
    let source = Source::open(file).await?;
    let cluster = Cluster::from_env_or_embedded()?;
    let folder = tempfile::tempdir()?;
    let (end, told) = oneshot::channel::<()>();
    tokio::try_join!(
        async {
            let told = async { drop(told.await) };
            let served = receiver::serve(&cluster, folder.path(), told).await;
            served.map_err(BoxError::from)
        },
        async {
            sender::upload(&cluster, source).await?;
            drop(end);
            Ok(())
        },
    )?;
    Ok(())
}

/// So many bytes that no compression makes small.
fn made_up(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(byte).take(size).collect()
}

//! Methods with streams, on the embedded broker.

mod all_instances;
mod endings;
mod flow;
mod foreign_servers;
mod kinds;
mod records;
mod rules;
mod strangers;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kafka_rpc::Server;
use kafka_rpc_tests::relay::{Ask, Numbers, RelayClient, RelayServer, Seen};
use kafka_rpc_tests::until;
use kafka_rpc_tests::world::{Serving, World};

async fn relay(world: &World) -> (Serving, Arc<Seen>) {
    relay_as(world, Server::builder()).await
}

async fn relay_as(world: &World, builder: kafka_rpc::ServerBuilder) -> (Serving, Arc<Seen>) {
    let numbers = Numbers::default();
    let seen = Arc::clone(&numbers.0);
    let serving = world
        .serve(builder.add_service(RelayServer::new(numbers)))
        .await;
    (serving, seen)
}

async fn client(world: &World) -> RelayClient {
    let channel = world.channel().await;
    let prepared = channel.prepare(<RelayClient>::DESCRIPTOR).await;
    prepared.expect("the topics are there");
    RelayClient::new(channel)
}

fn ask(count: u64) -> Ask {
    Ask {
        count,
        ..Ask::default()
    }
}

fn slowly(count: u64, pause: Duration) -> Ask {
    Ask {
        count,
        pause_millis: pause.as_millis() as u32,
        ..Ask::default()
    }
}

async fn all_dropped(seen: &Seen) {
    until("every handler and stream is dropped", || {
        seen.alive.load(Ordering::SeqCst) == 0
    })
    .await;
}

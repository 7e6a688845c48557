//! Calls with one idempotency key take effect once.

mod endings;
mod keys;
mod outcomes;
mod stores;
mod topics;
mod waiting;

use std::time::Duration;

use kafka_rpc::{IdempotencyKey, MemoryStore, Request, Response, Server, ServerBuilder, Status};
use kafka_rpc_tests::service::{BankClient, BankServer, Order, Receipt, Scripted};
use kafka_rpc_tests::world::World;
use kafka_rpc_tests::{Sightings, sightings};

/// A server of a bank that keeps its records in memory.
fn bank(script: Scripted) -> ServerBuilder {
    let store = MemoryStore::new(Duration::from_secs(600), 1 << 20);
    Server::builder()
        .add_service(BankServer::new(script))
        .deduplication(store)
}

async fn client(world: &World) -> BankClient {
    BankClient::new(world.channel().await)
}

fn key(text: &str) -> IdempotencyKey {
    text.parse().expect("a key")
}

/// An order that is the same whenever it has this key.
fn same(text: &str, order: Order) -> Request<Order> {
    let mut request = Request::new(order);
    request.set_idempotency_key(key(text));
    request
}

/// Answers with how often a handler was started so far, and tells the numbers of the orders.
fn counting() -> (Scripted, Sightings<u32>) {
    answering(|effect, _| Ok(effect_receipt(effect)))
}

/// As [`counting`], with these answers: of the first effect, and so on, and the request's order.
fn answering(
    answer: impl Fn(u32, Order) -> Result<Response<Receipt>, Status> + Send + Sync + 'static,
) -> (Scripted, Sightings<u32>) {
    let (seen, effects) = sightings();
    let made = std::sync::atomic::AtomicU32::new(0);
    let script = Scripted::new(move |request: Request<Order>| {
        let effect = made.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        seen.tell(request.get_ref().number);
        let answer = answer(effect, request.into_inner());
        async { answer }
    });
    (script, effects)
}

fn effect_receipt(effect: u32) -> Response<Receipt> {
    let mut response = Response::new(Receipt {
        number: effect,
        payload: Vec::new(),
    });
    let metadata = response.metadata_mut();
    metadata.insert("effect", effect.into()).expect("metadata");
    response
}

//! What calls came to moves with the partitions, from servers that are killed, too.

use std::collections::BTreeSet;
use std::time::Duration;

use kafka_rpc::{Channel, Request, Response, Status};
use kafka_rpc_tests::desk_server::{DeskServer, Runs, Settings};
use kafka_rpc_tests::require_java;
use kafka_rpc_tests::service::{BankClient, Order, Receipt};
use tokio::task::JoinSet;

use crate::world::{SERVER, world};

const PAYMENTS: u32 = 300;

/// A payment with its own key, which is repeated by whoever makes it again.
fn payment(number: u32, timeout: Duration) -> Request<Order> {
    let mut request = Request::new(Order::number(number));
    let key = format!("bill-{number}").parse().expect("a key");
    request.set_idempotency_key(key);
    request.set_timeout(timeout);
    request
}

async fn pay(
    mut bank: BankClient,
    number: u32,
    timeout: Duration,
) -> (u32, Result<Response<Receipt>, Status>) {
    (number, bank.pay(payment(number, timeout)).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_server_has_answered_is_not_done_again_by_the_next() {
    require_java!();
    let world = world();
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    let settings = Settings {
        bank: true,
        work: Duration::from_millis(20),
        ..Settings::new(&world, &runs)
    };
    let mut first = DeskServer::start(SERVER, &settings);
    let bank = BankClient::new(world.connect(Channel::builder()).await);
    let mut calls = JoinSet::new();
    for number in 0..PAYMENTS {
        calls.spawn(pay(bank.clone(), number, Duration::from_secs(3)));
    }
    // It is killed in the midst of them.
    let mut paid = BTreeSet::new();
    let mut next = None;
    while let Some(ended) = calls.join_next().await {
        let (number, outcome) = ended.unwrap();
        if outcome.is_ok() {
            paid.insert(number);
        }
        if next.is_none() && paid.len() as u32 >= PAYMENTS / 10 {
            first.kill();
            next = Some(DeskServer::launch(SERVER, &settings));
        }
    }
    let mut next = next.expect("some are paid");
    next.ready();

    // Whoever does not know, makes the call again; so does who knows.
    let patient = Duration::from_secs(60);
    for _ in 0..2 {
        let mut repeats = JoinSet::new();
        for number in 0..PAYMENTS {
            repeats.spawn(pay(bank.clone(), number, patient));
        }
        while let Some(ended) = repeats.join_next().await {
            let (number, outcome) = ended.unwrap();
            let reply = outcome.unwrap_or_else(|status| panic!("{number}: {status}"));
            assert_eq!(reply.get_ref().number, number);
        }
    }
    let runs = Runs::read(&runs);
    assert_eq!(runs.by_order().len() as u32, PAYMENTS, "none is lost");
    assert!(!paid.is_empty());
    for (number, again) in runs.repeated() {
        assert!(!paid.contains(&number), "it was answered: {again:?}");
        let servers: BTreeSet<u32> = again.iter().map(|run| run.server).collect();
        assert_eq!(
            again.len(),
            servers.len(),
            "one server did it twice: {again:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_paid_at_one_server_is_known_where_the_partition_moves_to() {
    require_java!();
    let world = world();
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    let settings = Settings {
        bank: true,
        ..Settings::new(&world, &runs)
    };
    let mut first = DeskServer::start(SERVER, &settings);
    let bank = BankClient::new(world.connect(Channel::builder()).await);
    let patient = Duration::from_secs(60);
    let mut second = None;
    for round in 0..3 {
        let mut calls = JoinSet::new();
        for number in 0..40 {
            calls.spawn(pay(bank.clone(), number, patient));
        }
        while let Some(ended) = calls.join_next().await {
            ended.unwrap().1.unwrap();
        }
        match round {
            // Half of the partitions move.
            0 => second = Some(DeskServer::start(SERVER, &settings)),
            // And the others.
            1 => first.shut_down(),
            _ => {}
        }
    }
    drop(second);
    let runs = Runs::read(&runs);
    assert_eq!(runs.by_order().len(), 40);
    assert_eq!(runs.repeated().len(), 0, "{:?}", runs.repeated());
}

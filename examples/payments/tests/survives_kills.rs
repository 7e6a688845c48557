//! A till that is killed again and again makes no payment twice, and loses none.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use kafka_rpc::{Channel, Cluster, Request};
use kafka_rpc_tests::process::Child;
use kafka_rpc_tests::{kafka, require_java, unique};
use payments::books::Books;
use payments::customer::payment;
use payments::proto::{PayRequest, TillClient};
use tokio::task::JoinSet;

const PAYMENTS: i64 = 240;
const ACCOUNTS: i64 = 6;
const KILLS: usize = 3;
const FUNDS: i64 = 1_000_000;

fn till(prefix: &str, database: &str) -> Child {
    let mut till = Command::new(env!("CARGO_BIN_EXE_till"));
    till.env("KAFKA_BROKERS", kafka::shared().bootstrap())
        .env("KAFKA_TOPIC_PREFIX", prefix)
        // Started again, it goes on at once.
        .args(["--name", "till-1", "--database", database]);
    let mut till = Child::spawn(&mut till);
    till.wait_for_line("open", Duration::from_secs(60));
    till
}

fn url(file: &Path) -> String {
    format!("sqlite://{}?mode=rwc", file.display())
}

/// The `number`th payment, the same each time.
fn numbered(number: i64) -> Request<PayRequest> {
    let account = format!("account-{}", number % ACCOUNTS);
    let mut request = payment(&format!("bill-{number}"), &account, number + 1).expect("a payment");
    request.set_timeout(Duration::from_secs(10));
    request
}

/// Asks until it is answered, as somebody who has to pay.
async fn pay(mut till: TillClient, number: i64) -> (i64, i64) {
    for _ in 0..20 {
        match till.pay(numbered(number)).await {
            Ok(reply) => return (number, reply.into_inner().left),
            Err(status) => println!("bill-{number}: {status}"),
        }
    }
    panic!("bill-{number} can't be paid");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_payment_is_made_twice_and_none_is_lost_by_kills() {
    require_java!();
    let folder = tempfile::tempdir().unwrap();
    let database = url(&folder.path().join("till.db"));
    let books = Books::open(&database).await.unwrap();
    for account in 0..ACCOUNTS {
        let name = format!("account-{account}");
        books.account(&name, FUNDS).await.unwrap();
    }
    let prefix = format!("{}.", unique("payments"));
    let mut clerk = till(&prefix, &database);
    let cluster = Cluster::new(kafka::shared().bootstrap()).topic_prefix(&prefix);
    let client = TillClient::new(Channel::connect(&cluster).await.unwrap());

    let mut calls = JoinSet::new();
    for number in 0..PAYMENTS {
        calls.spawn(pay(client.clone(), number));
    }
    let mut answered = BTreeSet::new();
    let mut kills = 0;
    while let Some(reply) = calls.join_next().await {
        answered.insert(reply.unwrap());
        if kills < KILLS && answered.len() > (kills + 1) * 30 {
            kills += 1;
            clerk.kill();
            clerk = till(&prefix, &database);
        }
    }
    assert_eq!(kills, KILLS);

    // Whoever asks again is told what came of the payment, and pays nothing.
    let mut again = JoinSet::new();
    for number in 0..PAYMENTS {
        again.spawn(pay(client.clone(), number));
    }
    while let Some(reply) = again.join_next().await {
        let reply = reply.unwrap();
        assert!(answered.contains(&reply), "{reply:?} is another answer");
    }
    let paid = PAYMENTS * (PAYMENTS + 1) / 2;
    assert_eq!(books.count().await.unwrap(), (PAYMENTS, paid));
    // The till has an account of its own, too.
    let left = books.left().await.unwrap() - 1_000;
    assert_eq!(left, ACCOUNTS * FUNDS - paid);
}

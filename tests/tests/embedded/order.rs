//! Calls with one key run in order, one at a time; all others run at once.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex};

use kafka_rpc::Request;
use kafka_rpc::Server;
use kafka_rpc_tests::service::{LedgerClient, LedgerServer, Order, Scripted, receipt};
use kafka_rpc_tests::world::World;
use kafka_rpc_tests::{sent, soon};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// Notes in which order the calls of a key run, and panics where two of them run at once.
#[derive(Clone, Default)]
struct Notes {
    running: Arc<Mutex<HashSet<Vec<u8>>>>,
    order: Arc<Mutex<HashMap<String, Vec<u32>>>>,
}

impl Notes {
    fn script(&self) -> Scripted {
        let notes = self.clone();
        Scripted::new(move |request: Request<Order>| {
            let notes = notes.clone();
            async move {
                let key = request.key().unwrap().to_vec();
                let alone = notes.running.lock().unwrap().insert(key.clone());
                assert!(alone, "two calls of a key run at once");
                let order = request.into_inner();
                let account = order.account.clone();
                notes
                    .order
                    .lock()
                    .unwrap()
                    .entry(account)
                    .or_default()
                    .push(order.number);
                // Others get their chance to run meanwhile.
                for _ in 0..order.number % 4 {
                    tokio::task::yield_now().await;
                }
                notes.running.lock().unwrap().remove(&key);
                Ok(receipt(order))
            }
        })
    }

    fn of(&self, account: &str) -> Vec<u32> {
        self.order
            .lock()
            .unwrap()
            .get(account)
            .cloned()
            .unwrap_or_default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_of_one_key_run_in_order_and_one_at_a_time_under_64_callers() {
    const CALLS: u32 = 25;
    let world = World::embedded();
    let notes = Notes::default();
    let _server = world.desk(notes.script()).await;
    let desk = world.client().await;
    let mut callers = JoinSet::new();
    for caller in 0..64 {
        let desk = desk.clone();
        callers.spawn(async move {
            // Eight callers share a key; each has its own order among the calls of it.
            let account = format!("caller-{caller}");
            let mut calls = Vec::new();
            for number in 0..CALLS {
                let mut desk = desk.clone();
                let mut request = Request::new(Order::of(&account, number));
                request.set_key(format!("key-{}", caller % 8));
                let mut call = Box::pin(async move { desk.place(request).await });
                sent(&mut call).await;
                calls.push(call);
            }
            for (number, call) in (0..).zip(calls) {
                assert_eq!(call.await.unwrap().get_ref().number, number);
            }
        });
    }
    soon("all calls are answered", callers.join_all()).await;
    for caller in 0..64 {
        let order = notes.of(&format!("caller-{caller}"));
        assert_eq!(order, (0..CALLS).collect::<Vec<_>>(), "caller {caller}");
    }
}

#[tokio::test]
async fn calls_of_one_key_run_in_order_across_the_methods_of_a_service_with_one_topic() {
    const CALLS: u32 = 40;
    let world = World::embedded();
    let notes = Notes::default();
    let server = Server::builder().add_service(LedgerServer::new(notes.script()));
    let _server = world.serve(server).await;
    let channel = world.channel().await;
    channel.prepare(<LedgerClient>::DESCRIPTOR).await.unwrap();
    let ledger = LedgerClient::new(channel);
    let mut calls = Vec::new();
    for number in 0..CALLS {
        let mut ledger = ledger.clone();
        let order = Order::of("ada", number);
        let mut call = Box::pin(async move {
            match number % 2 {
                0 => ledger.deposit(order).await,
                _ => ledger.withdraw(order).await,
            }
        });
        sent(&mut call).await;
        calls.push(call);
    }
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(notes.of("ada"), (0..CALLS).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_call_that_fails_or_panics_lets_the_next_of_its_key_run() {
    let world = World::with_partitions(1);
    let script = Scripted::new(|request: Request<Order>| async move {
        match request.get_ref().number {
            1 => Err(kafka_rpc::Status::aborted("no")),
            2 => panic!("as the test wants"),
            _ => Ok(receipt(request.into_inner())),
        }
    });
    let _server = world.desk(script).await;
    let desk = world.client().await;
    let mut outcomes = BTreeMap::new();
    let mut calls = JoinSet::new();
    for number in 1..=3 {
        let mut desk = desk.clone();
        let mut call = Box::pin(async move { desk.place(Order::of("ada", number)).await });
        sent(&mut call).await;
        calls.spawn(async move { (number, call.await.map_err(|status| status.code())) });
    }
    while let Some(outcome) = calls.join_next().await {
        let (number, outcome) = outcome.unwrap();
        outcomes.insert(number, outcome.map(|receipt| receipt.get_ref().number));
    }
    let expected = [
        (1, Err(kafka_rpc::Code::Aborted)),
        (2, Err(kafka_rpc::Code::Internal)),
        (3, Ok(3)),
    ];
    assert_eq!(outcomes, BTreeMap::from(expected));
}

/// Answers once so many calls run at once.
fn meets(count: usize) -> Scripted {
    let barrier = Arc::new(Barrier::new(count));
    Scripted::new(move |request: Request<Order>| {
        let barrier = Arc::clone(&barrier);
        async move {
            barrier.wait().await;
            Ok(receipt(request.into_inner()))
        }
    })
}

#[tokio::test]
async fn calls_of_different_keys_run_at_once_even_in_one_partition() {
    let world = World::with_partitions(1);
    let _server = world.desk(meets(8)).await;
    let desk = world.client().await;
    let mut calls = JoinSet::new();
    for number in 0..8 {
        let mut desk = desk.clone();
        calls.spawn(async move { desk.place(Order::of(&number.to_string(), number)).await });
    }
    for outcome in soon("eight calls run at once", calls.join_all()).await {
        outcome.unwrap();
    }
}

#[tokio::test]
async fn calls_without_a_key_run_at_once_even_in_one_partition() {
    let world = World::with_partitions(1);
    let _server = world.desk(meets(8)).await;
    let desk = world.client().await;
    let mut calls = JoinSet::new();
    for number in 0..8 {
        let mut desk = desk.clone();
        calls.spawn(async move { desk.ask(Order::number(number)).await });
    }
    for outcome in soon("eight calls run at once", calls.join_all()).await {
        outcome.unwrap();
    }
}

//! Servers come and go while calls run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kafka_rpc::Request;
use kafka_rpc_tests::service::{Order, Scripted, receipt};
use kafka_rpc_tests::world::World;
use kafka_rpc_tests::{soon, until};
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_call_is_answered_and_none_is_handled_twice_while_servers_come_and_go() {
    let world = World::embedded();
    let handled: Arc<Mutex<HashMap<u32, u32>>> = Arc::default();
    let servers: Arc<Mutex<HashMap<u32, u32>>> = Arc::default();
    let script = |server: u32| {
        let (handled, servers) = (Arc::clone(&handled), Arc::clone(&servers));
        Scripted::new(move |request: Request<Order>| {
            let number = request.get_ref().number;
            *handled.lock().unwrap().entry(number).or_default() += 1;
            *servers.lock().unwrap().entry(server).or_default() += 1;
            async move {
                tokio::time::sleep(Duration::from_millis(5)).await;
                Ok(receipt(request.into_inner()))
            }
        })
    };
    let first = world.desk(script(1)).await;
    let desk = world.client().await;
    let (done, over) = tokio::sync::watch::channel(false);
    let mut callers = JoinSet::new();
    for caller in 0..16 {
        let (mut desk, over) = (desk.clone(), over.clone());
        callers.spawn(async move {
            let mut calls = 0;
            while !*over.borrow() {
                let number = caller * 1_000_000 + calls;
                let order = Order::of(&number.to_string(), number);
                // All methods, for each server gets partitions of some of them.
                let receipt = match calls % 3 {
                    0 => desk.ask(order).await,
                    1 => desk.place(order).await,
                    _ => desk.pay(order).await,
                };
                assert_eq!(receipt.unwrap().get_ref().number, number);
                calls += 1;
            }
            calls
        });
    }
    let busy = |server: u32| {
        let servers = Arc::clone(&servers);
        let before = servers.lock().unwrap().get(&server).copied().unwrap_or_default();
        move || servers.lock().unwrap().get(&server).is_some_and(|calls| *calls > before + 20)
    };
    until("the first server handles calls", busy(1)).await;
    let second = world.desk(script(2)).await;
    until("the second server handles calls", busy(2)).await;
    until("the first server still handles calls", busy(1)).await;
    first.shutdown().await;
    until("the second server handles all calls", busy(2)).await;
    done.send(true).unwrap();
    let calls: u32 = soon("the callers end", callers.join_all()).await.into_iter().sum();
    second.shutdown().await;

    let handled = handled.lock().unwrap();
    assert_eq!(handled.len(), calls as usize);
    let twice: Vec<_> = handled.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "handled more than once: {twice:?}");
}

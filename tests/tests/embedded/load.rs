//! What is over the limits waits in Kafka: handlers and queues stay bounded, and nothing is lost.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use kafka_rpc::{Request, ServerBuilder};
use kafka_rpc_tests::foreign::{Foreign, Record};
use kafka_rpc_tests::service::{Order, Receipt, Scripted, receipt};
use kafka_rpc_tests::world::{World, desk};
use kafka_rpc_tests::{Gate, sightings, soon};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Counts the handlers that run.
#[derive(Clone, Default)]
struct Load {
    running: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Load {
    fn enter(&self) -> Leave {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
        Leave(self.clone())
    }
}

struct Leave(Load);

impl Drop for Leave {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_concurrency_limit_is_reached_and_never_exceeded() {
    let world = World::embedded();
    let load = Load::default();
    let counted = load.clone();
    let script = Scripted::new(move |request: Request<Order>| {
        let counted = counted.clone();
        async move {
            let _leave = counted.enter();
            tokio::time::sleep(Duration::from_millis(1)).await;
            Ok(receipt(request.into_inner()))
        }
    });
    let _server = world.serve(desk(script).concurrency_limit(5)).await;
    let desk = world.client().await;
    let mut calls = JoinSet::new();
    for number in 0..500 {
        let mut desk = desk.clone();
        calls.spawn(async move {
            // Of two methods, and so of two topics: the limit is the group's.
            match number % 2 {
                0 => desk.ask(Order::number(number)).await,
                _ => desk.place(Order::of(&number.to_string(), number)).await,
            }
        });
    }
    for outcome in soon("all calls are answered", calls.join_all()).await {
        outcome.unwrap();
    }
    assert_eq!(load.most.load(Ordering::SeqCst), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_calls_at_a_slow_server_are_all_answered() {
    const CALLS: u32 = 10_000;
    let world = World::embedded();
    let load = Load::default();
    let counted = load.clone();
    let script = Scripted::new(move |request: Request<Order>| {
        let counted = counted.clone();
        async move {
            let _leave = counted.enter();
            tokio::task::yield_now().await;
            Ok(receipt(request.into_inner()))
        }
    });
    let builder = desk(script).concurrency_limit(4).queue_limit(8);
    let _server = world.serve(builder).await;
    let desk = world.client().await;
    let mut calls = JoinSet::new();
    for number in 0..CALLS {
        let mut desk = desk.clone();
        calls.spawn(async move { desk.ask(Order::number(number)).await });
    }
    let mut answered = HashSet::new();
    for outcome in soon("all calls are answered", calls.join_all()).await {
        answered.insert(outcome.unwrap().get_ref().number);
    }
    assert_eq!(answered.len(), CALLS as usize);
    assert!(load.most.load(Ordering::SeqCst) <= 4);
}

/// The most requests that were read and waited at one time, from when each was read and when its
/// handler started.
fn longest_queue(waits: &[(Instant, Instant)]) -> usize {
    let mut events: Vec<(Instant, i32)> = waits
        .iter()
        .flat_map(|&(read, started)| [(read, 1), (started, -1)])
        .collect();
    // One that starts the moment it is read does not wait.
    events.sort();
    let mut waiting = 0;
    let longest = events.into_iter().map(|(_, change)| {
        waiting += change;
        waiting
    });
    usize::try_from(longest.max().unwrap_or(0)).unwrap_or(0)
}

/// Writes so many requests while the handlers are held up, then lets them go; each has to be
/// answered once. Returns the longest queue.
async fn flood(
    calls: u32,
    bytes: usize,
    limits: impl FnOnce(ServerBuilder) -> ServerBuilder,
) -> usize {
    const TIMEOUT: Duration = Duration::from_secs(3600);
    let world = World::with_partitions(1);
    let waits = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&waits);
    let gate = Gate::closed();
    let held = gate.clone();
    let (seen, mut running) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        // A request without a timeout has the server's default one from when it is read.
        let read = request.deadline().unwrap().instant() - TIMEOUT;
        noted.lock().unwrap().push((read, Instant::now()));
        seen.tell(());
        let held = held.clone();
        async move {
            held.pass().await;
            Ok(receipt(Order::number(request.get_ref().number)))
        }
    });
    let builder = desk(script)
        .concurrency_limit(PERMITS)
        .default_timeout(TIMEOUT);
    let _server = world.serve(limits(builder)).await;
    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Desk.Ask");
    let request = |number: u32| {
        let order = Order {
            number,
            ..Order::large(bytes)
        };
        Record::request(&topic, &number.to_string(), &order).partition(0)
    };
    let written = (0..calls).map(|number| foreign.write(request(number)));
    soon("all requests are written", join_all(written)).await;
    for _ in 0..4 {
        running.next("four handlers run").await;
    }
    gate.open();

    let mut replies = foreign.read(&format!("{topic}.reply"));
    let mut answered = HashSet::new();
    for _ in 0..calls {
        let reply = replies.next().await;
        assert!(
            answered.insert(reply.decode::<Receipt>().number),
            "answered twice: {reply:?}"
        );
    }
    longest_queue(&waits.lock().unwrap())
}

/// Besides what is over the limit: a batch that was being read when that was met, and the calls that have a permit and whose
/// handlers have not begun.
const BEYOND: usize = 256 + PERMITS;
const PERMITS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_slow_servers_queue_is_bounded_whatever_waits_in_kafka() {
    let longest = flood(10_000, 0, |builder| builder.queue_limit(8)).await;
    assert!(
        (8..=8 + BEYOND).contains(&longest),
        "{longest} requests waited"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_slow_servers_queue_is_bounded_in_bytes() {
    let limits = |builder: ServerBuilder| builder.queue_limit(1_000_000).queue_bytes(100_000);
    // The embedded broker keeps no more than 5 MB of a partition.
    let longest = flood(400, 10_000, limits).await;
    assert!(
        (10..=10 + BEYOND).contains(&longest),
        "{longest} requests waited"
    );
}

#[tokio::test]
async fn limits_of_nothing_count_as_one() {
    let world = World::embedded();
    let builder = desk(Scripted::echo());
    let builder = builder.concurrency_limit(0).queue_limit(0).queue_bytes(0);
    let _server = world.serve(builder).await;
    let desk = world.client().await;
    let mut calls = JoinSet::new();
    for number in 0..50 {
        let mut desk = desk.clone();
        calls.spawn(async move { desk.ask(Order::number(number)).await });
    }
    for outcome in soon("all calls are answered", calls.join_all()).await {
        outcome.unwrap();
    }
}

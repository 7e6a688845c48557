//! Servers come and go while calls run.
//!
//! While a group is being rebalanced the embedded broker refuses commits, which Kafka takes. So it
//! can't show that nothing finished is repeated, but all else.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kafka_rpc::{Code, Request, Response, Status};
use kafka_rpc_tests::service::{DeskClient, Order, Receipt, Scripted, receipt};
use kafka_rpc_tests::world::World;
use kafka_rpc_tests::{soon, until};
use tokio::task::JoinSet;

/// Who handled which calls, in order.
#[derive(Clone, Default)]
struct Handled(Arc<Mutex<Vec<(&'static str, u32)>>>);

impl Handled {
    fn by(&self, server: &'static str) -> Scripted {
        let handled = self.clone();
        Scripted::new(move |request: Request<Order>| {
            let number = request.get_ref().number;
            handled.0.lock().unwrap().push((server, number));
            async move {
                tokio::time::sleep(Duration::from_millis(5)).await;
                Ok(receipt(request.into_inner()))
            }
        })
    }

    /// How many calls a server has handled.
    fn count(&self, server: &str) -> usize {
        let handled = self.0.lock().unwrap();
        handled.iter().filter(|(by, _)| *by == server).count()
    }

    /// Waits until a server has handled some more calls.
    async fn some_more(&self, server: &'static str) {
        let before = self.count(server);
        let what = format!("the {server} server handles calls");
        until(&what, || self.count(server) >= before + 20).await;
    }

    fn numbers(&self) -> HashMap<u32, usize> {
        let mut numbers = HashMap::new();
        for (_, number) in &*self.0.lock().unwrap() {
            *numbers.entry(*number).or_default() += 1;
        }
        numbers
    }
}

type Outcome = Result<Response<Receipt>, Status>;

/// Calls without a pause, from sixteen tasks, while servers come and go. Returns the outcomes.
async fn calls_while_servers_come_and_go<Calling>(
    handled: &Handled,
    call: impl Fn(DeskClient, u32) -> Calling + Clone + Send + 'static,
) -> Vec<(u32, Outcome)>
where
    Calling: Future<Output = Outcome> + Send,
{
    let world = World::embedded();
    let first = world.desk(handled.by("first")).await;
    let desk = world.client().await;
    let over = Arc::new(AtomicBool::new(false));
    let mut callers = JoinSet::new();
    for caller in 0..16 {
        let (desk, over, call) = (desk.clone(), Arc::clone(&over), call.clone());
        callers.spawn(async move {
            let mut outcomes = Vec::new();
            for number in (caller..).step_by(16) {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                outcomes.push((number, call(desk.clone(), number).await));
            }
            outcomes
        });
    }
    handled.some_more("first").await;
    let second = world.desk(handled.by("second")).await;
    handled.some_more("second").await;
    handled.some_more("first").await;
    first.shutdown().await;
    handled.some_more("second").await;
    over.store(true, Ordering::Relaxed);
    let outcomes = soon("the callers end", callers.join_all()).await;
    second.shutdown().await;
    outcomes.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_call_is_answered_while_servers_come_and_go() {
    let handled = Handled::default();
    let outcomes = calls_while_servers_come_and_go(&handled, |mut desk, number| async move {
        match number % 2 {
            0 => desk.ask(Order::number(number)).await,
            _ => desk.place(Order::of(&number.to_string(), number)).await,
        }
    })
    .await;
    let mut answered = HashSet::new();
    for (number, outcome) in outcomes {
        assert_eq!(outcome.unwrap().get_ref().number, number);
        answered.insert(number);
    }
    let handled: HashSet<u32> = handled.numbers().into_keys().collect();
    assert_eq!(handled, answered);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_at_most_once_call_is_handled_twice_while_servers_come_and_go() {
    let handled = Handled::default();
    let outcomes = calls_while_servers_come_and_go(&handled, |mut desk, number| async move {
        let mut request = Request::new(Order::number(number));
        request.set_timeout(Duration::from_secs(3));
        desk.pay(request).await
    })
    .await;
    for (number, outcome) in outcomes {
        match outcome {
            Ok(receipt) => assert_eq!(receipt.get_ref().number, number),
            // It may be lost, where a server went between its commit and its handler.
            Err(status) => assert_eq!(status.code(), Code::DeadlineExceeded, "{status}"),
        }
    }
    let mut twice = handled.numbers();
    twice.retain(|_, times| *times > 1);
    assert!(twice.is_empty(), "handled more than once: {twice:?}");
}

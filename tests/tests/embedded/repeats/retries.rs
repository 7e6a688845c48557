use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use kafka_rpc::{Code, Pushback, Request, RetryBudget, Status};
use kafka_rpc_tests::foreign::{Foreign, Record};
use kafka_rpc_tests::service::{Order, Scripted, receipt};
use kafka_rpc_tests::world::World;
use kafka_rpc_tests::{Gate, sent, sightings, soon};

use super::{client, failing, quick, retrying};

#[tokio::test]
async fn a_call_that_fails_is_made_again_until_it_ends_well() {
    let world = World::embedded();
    let (script, mut requests) = failing(2, |_| Status::unavailable("not now"));
    let _server = world.desk(script).await;
    let policy = quick().initial_backoff(Duration::from_millis(300));
    let policy = policy.multiplier(1.0).jitter(0.0);
    let mut desk = client(&world, retrying(policy)).await;
    let mut request = Request::new(Order::number(7));
    request.metadata_mut().insert("tenant", 3.into()).unwrap();
    let response = desk.ask(request).await.unwrap();
    assert_eq!(response.get_ref().number, 7);

    let attempts = requests.so_far();
    let told = |request: &Request<Order>, name: &str| {
        let value = request.metadata().get(name);
        value.map(|value| value.to_str().unwrap().to_owned())
    };
    let previous: Vec<_> = attempts
        .iter()
        .map(|request| told(request, "grpc-previous-rpc-attempts"))
        .collect();
    assert_eq!(previous, [None, Some("1".into()), Some("2".into())]);
    for attempt in &attempts {
        assert_eq!(told(attempt, "tenant").as_deref(), Some("3"));
        assert_eq!(attempt.get_ref().number, 7);
    }
    let deadlines: Vec<_> = attempts.iter().map(|request| request.deadline()).collect();
    let spread = deadlines.iter().max().unwrap().unwrap().instant()
        - deadlines.iter().min().unwrap().unwrap().instant();
    assert!(
        spread < Duration::from_millis(250),
        "all have one deadline: {deadlines:?}"
    );
}

#[tokio::test]
async fn each_attempt_is_a_request_of_its_own() {
    let world = World::with_partitions(1);
    let (script, _) = failing(1, |_| Status::unavailable("not now"));
    let _server = world.desk(script).await;
    let mut desk = client(&world, retrying(quick())).await;
    desk.place(Order::of("ada", 1)).await.unwrap();
    let mut requests = Foreign::new(world.cluster()).read(&world.name("tests.v1.Desk.Place"));
    let (first, second) = (requests.next().await, requests.next().await);
    let id = |record: &Record| record.text("kafka_correlationId");
    assert_ne!(id(&first), id(&second));
    assert_eq!(
        (first.key, first.value),
        (second.key, second.value),
        "it says the same"
    );
    assert_eq!(requests.so_far(), [], "nothing is cancelled");
}

#[tokio::test]
async fn the_last_failure_ends_the_call_when_all_attempts_are_made() {
    let world = World::embedded();
    let (script, mut requests) = failing(9, |call| Status::unavailable(format!("no {call}")));
    let _server = world.desk(script).await;
    let mut desk = client(&world, retrying(quick().attempts(4))).await;
    let status = desk.ask(Order::number(1)).await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::Unavailable, "no 3")
    );
    assert_eq!(requests.so_far().len(), 4);
}

#[tokio::test]
async fn a_code_that_is_not_listed_ends_the_call() {
    let world = World::embedded();
    let (script, mut requests) = failing(9, |call| match call {
        0 => Status::aborted("again"),
        _ => Status::unavailable("not now"),
    });
    let _server = world.desk(script).await;
    let policy = quick().codes(&[Code::Aborted]);
    let mut desk = client(&world, retrying(policy)).await;
    let status = desk.ask(Order::number(1)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(requests.so_far().len(), 2);
}

#[tokio::test]
async fn no_attempt_is_made_after_the_deadline_and_none_is_waited_for_that_would_be() {
    let world = World::embedded();
    let (script, mut requests) = failing(99, |_| Status::unavailable("not now"));
    let _server = world.desk(script).await;
    let policy = quick()
        .initial_backoff(Duration::from_millis(100))
        .jitter(0.0);
    let mut desk = client(&world, retrying(policy.attempts(4))).await;
    // The first call of a method takes its own time.
    desk.ask(Order::number(0)).await.unwrap_err();
    requests.so_far();

    let mut request = Request::new(Order::number(1));
    request.set_timeout(Duration::from_millis(650));
    let begun = Instant::now();
    let status = desk.ask(request).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(
        begun.elapsed() < Duration::from_millis(650),
        "{:?}",
        begun.elapsed()
    );
    let attempts = requests.so_far().len();
    assert!((2..=3).contains(&attempts), "{attempts}");
}

#[tokio::test]
async fn an_attempt_that_runs_into_the_deadline_ends_the_call_in_time() {
    let world = World::embedded();
    let (seen, mut running) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        let first = request
            .metadata()
            .get("grpc-previous-rpc-attempts")
            .is_none();
        seen.tell(first);
        async move {
            if first {
                return Err(Status::unavailable("not now"));
            }
            std::future::pending().await
        }
    });
    let _server = world.desk(script).await;
    let policy = quick().codes(&[Code::Unavailable, Code::DeadlineExceeded]);
    let mut desk = client(&world, retrying(policy)).await;
    let mut request = Request::new(Order::number(1));
    request.set_timeout(Duration::from_millis(500));
    let begun = Instant::now();
    let status = desk.ask(request).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    let took = begun.elapsed();
    assert!(
        took >= Duration::from_millis(500) && took < Duration::from_secs(2),
        "{took:?}"
    );
    assert_eq!(running.so_far(), [true, false]);
}

#[tokio::test]
async fn a_server_says_when_a_call_may_be_made_again() {
    let world = World::embedded();
    let (script, mut requests) = failing(1, |_| {
        let mut status = Status::unavailable("restarts");
        status.set_pushback(Pushback::After(Duration::from_millis(300)));
        status
    });
    let _server = world.desk(script).await;
    let mut desk = client(&world, retrying(quick())).await;
    let begun = Instant::now();
    desk.ask(Order::number(1)).await.unwrap();
    assert!(
        begun.elapsed() >= Duration::from_millis(300),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(requests.so_far().len(), 2);
}

#[tokio::test]
async fn a_server_says_that_a_call_may_not_be_made_again() {
    let world = World::embedded();
    let (script, mut requests) = failing(9, |_| {
        let mut status = Status::unavailable("go away");
        status.set_pushback(Pushback::Never);
        status
    });
    let _server = world.desk(script).await;
    let mut desk = client(&world, retrying(quick())).await;
    let status = desk.ask(Order::number(1)).await.unwrap_err();
    assert_eq!(status.message(), "go away");
    assert_eq!(status.pushback(), Some(Pushback::Never));
    assert_eq!(requests.so_far().len(), 1);
}

#[tokio::test]
async fn calls_are_not_made_again_when_the_budget_is_used_up_and_are_when_there_is_some() {
    let world = World::embedded();
    let (seen, mut attempts) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        seen.tell(());
        async move {
            match request.get_ref().number {
                0 => Err(Status::unavailable("not now")),
                _ => Ok(receipt(request.into_inner())),
            }
        }
    });
    let _server = world.desk(script).await;
    let settings = retrying(quick()).retry_budget(RetryBudget::new(4, 1.0));
    let mut desk = client(&world, settings).await;
    desk.ask(Order::number(0)).await.unwrap_err();
    let count = attempts.so_far().len();
    assert_eq!(count, 2, "then half of the tokens is gone");
    desk.ask(Order::number(0)).await.unwrap_err();
    assert_eq!(attempts.so_far().len(), 1);
    desk.pay(Order::number(0)).await.unwrap_err();
    assert_eq!(attempts.so_far().len(), 1, "a channel has one budget");
    for number in 1..5 {
        desk.ask(Order::number(number)).await.unwrap();
    }
    attempts.so_far();
    desk.ask(Order::number(0)).await.unwrap_err();
    assert_eq!(attempts.so_far().len(), 2, "there are tokens again");
}

#[tokio::test]
async fn a_call_that_is_dropped_during_a_pause_is_not_made_again() {
    let world = World::with_partitions(1);
    let (script, mut requests) = failing(1, |_| Status::unavailable("not now"));
    let _server = world.desk(script).await;
    let policy = quick()
        .initial_backoff(Duration::from_millis(400))
        .jitter(0.0);
    let mut desk = client(&world, retrying(policy)).await;
    let call = tokio::time::timeout(Duration::from_millis(200), desk.ask(Order::number(1))).await;
    assert!(call.is_err(), "{call:?}");
    tokio::time::sleep(Duration::from_millis(400)).await;
    desk.ask(Order::number(2)).await.unwrap();
    let numbers: Vec<u32> = requests
        .so_far()
        .iter()
        .map(|request| request.get_ref().number)
        .collect();
    assert_eq!(numbers, [1, 2]);
}

#[tokio::test]
async fn dropping_a_call_cancels_the_attempt_that_runs() {
    let world = World::embedded();
    let (seen, mut sights) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        let again = request
            .metadata()
            .get("grpc-previous-rpc-attempts")
            .is_some();
        let dropped = seen.on_drop("dropped");
        seen.tell(if again { "again" } else { "first" });
        async move {
            if !again {
                dropped.disarm();
                return Err(Status::unavailable("not now"));
            }
            std::future::pending().await
        }
    });
    let _server = world.desk(script).await;
    let mut desk = client(&world, retrying(quick())).await;
    let call = tokio::spawn(async move { desk.ask(Order::number(1)).await });
    assert_eq!(sights.next("the first attempt fails").await, "first");
    assert_eq!(sights.next("the second runs").await, "again");
    call.abort();
    assert_eq!(sights.next("its handler is dropped").await, "dropped");
}

#[tokio::test]
async fn a_call_that_is_made_again_may_come_behind_a_later_one_of_its_key() {
    let world = World::with_partitions(1);
    let gate = Gate::closed();
    let (seen, mut numbers) = sightings();
    let passed = gate.clone();
    let script = Scripted::new(move |request: Request<Order>| {
        let first = request
            .metadata()
            .get("grpc-previous-rpc-attempts")
            .is_none();
        let number = request.get_ref().number;
        seen.tell((number, first));
        let gate = passed.clone();
        async move {
            gate.pass().await;
            match (number, first) {
                (1, true) => Err(Status::unavailable("not now")),
                _ => Ok(receipt(request.into_inner())),
            }
        }
    });
    let _server = world.desk(script).await;
    let desk = client(&world, retrying(quick())).await;
    let (mut one, mut two) = (desk.clone(), desk);
    let mut first = Box::pin(one.place(Order::of("ada", 1)));
    sent(&mut first).await;
    let mut second = Box::pin(two.place(Order::of("ada", 2)));
    sent(&mut second).await;
    gate.open();
    let (first, second) = soon("both end", async { tokio::join!(first, second) }).await;
    first.unwrap();
    second.unwrap();
    assert_eq!(numbers.so_far(), [(1, true), (2, true), (1, false)]);
}

/// Wakes a thread that waits for a future without a runtime.
struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn without_a_runtime<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_polled_outside_of_a_runtime_is_made_once() {
    let world = World::embedded();
    let (script, mut requests) = failing(1, |_| Status::unavailable("not now"));
    let _server = world.desk(script).await;
    let mut desk = client(&world, retrying(quick())).await;
    let call = thread::spawn(move || without_a_runtime(desk.ask(Order::number(1))));
    let outcome = tokio::task::spawn_blocking(|| call.join()).await.unwrap();
    let status = outcome.expect("it does not panic").unwrap_err();
    assert_eq!(status.message(), "not now");
    assert_eq!(requests.so_far().len(), 1);
}

//! A call ends by its deadline, wherever it is by then, and so do the calls that it makes.

mod nested;

use std::future::pending;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kafka_rpc::{Channel, Code, Request, Status};
use kafka_rpc_tests::foreign::{Foreign, Record};
use kafka_rpc_tests::service::{DeskClient, Order, Scripted, receipt};
use kafka_rpc_tests::world::{World, desk};
use kafka_rpc_tests::{Gate, sightings, soon};

const SHORT: Duration = Duration::from_millis(150);

fn within(timeout: Duration, order: Order) -> Request<Order> {
    let mut request = Request::new(order);
    request.set_timeout(timeout);
    request
}

/// Never answers.
fn silent() -> Scripted {
    Scripted::new(|_| pending())
}

#[track_caller]
fn assert_exceeded(outcome: Result<impl std::fmt::Debug, Status>, begun: Instant, due: Duration) {
    let status = outcome.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    let took = begun.elapsed();
    assert!(
        took >= due && took < due + Duration::from_secs(15),
        "due {due:?}, took {took:?}"
    );
}

#[tokio::test]
async fn a_call_ends_at_the_channels_default_deadline() {
    let world = World::embedded();
    let _server = world.desk(silent()).await;
    let channel = world
        .connect(Channel::builder().default_timeout(SHORT))
        .await;
    let begun = Instant::now();
    let outcome = DeskClient::new(channel).ask(Order::default()).await;
    assert_exceeded(outcome, begun, SHORT);
}

#[tokio::test]
async fn a_calls_own_deadline_wins_over_the_channels_whether_sooner_or_later() {
    let world = World::embedded();
    let _server = world.desk(silent()).await;
    let channel = world
        .connect(Channel::builder().default_timeout(2 * SHORT))
        .await;
    let mut desk = DeskClient::new(channel);
    let begun = Instant::now();
    assert_exceeded(
        desk.ask(within(SHORT, Order::default())).await,
        begun,
        SHORT,
    );
    let begun = Instant::now();
    assert_exceeded(
        desk.ask(within(4 * SHORT, Order::default())).await,
        begun,
        4 * SHORT,
    );
}

#[tokio::test]
async fn a_call_has_thirty_seconds_unless_set() {
    let world = World::embedded();
    let (seen, mut deadlines) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        seen.tell(request.deadline().unwrap().remaining());
        async { Ok(receipt(Order::default())) }
    });
    let _server = world.desk(script).await;
    world.client().await.ask(Order::default()).await.unwrap();
    let ours = deadlines.next("our request comes").await;
    let topic = world.name("tests.v1.Desk.Ask");
    Foreign::new(world.cluster()).write(Record::to(topic)).await;
    let foreign = deadlines.next("a request without a timeout comes").await;
    for left in [ours, foreign] {
        assert!(
            left > Duration::from_secs(20) && left <= Duration::from_secs(30),
            "{left:?}"
        );
    }
}

#[tokio::test]
async fn a_call_without_time_is_over_at_once_and_not_sent() {
    let world = World::embedded();
    let (seen, mut numbers) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        seen.tell(request.get_ref().number);
        async { Ok(receipt(Order::default())) }
    });
    let _server = world.desk(script).await;
    let mut desk = world.client().await;
    let status = desk
        .ask(within(Duration::ZERO, Order::number(1)))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    desk.ask(Order::number(2)).await.unwrap();
    assert_eq!(numbers.so_far(), [2]);
}

#[tokio::test]
async fn a_call_ends_at_its_deadline_where_there_is_no_server() {
    let world = World::embedded();
    let mut desk = world.client().await;
    let begun = Instant::now();
    assert_exceeded(
        desk.ask(within(SHORT, Order::default())).await,
        begun,
        SHORT,
    );
}

#[tokio::test]
async fn a_call_whose_deadline_passes_while_it_waits_is_not_handled() {
    let world = World::embedded();
    let (seen, mut numbers) = sightings();
    let gate = Gate::closed();
    let held = gate.clone();
    let script = Scripted::new(move |request: Request<Order>| {
        seen.tell(request.get_ref().number);
        let held = held.clone();
        async move {
            held.pass().await;
            Ok(receipt(request.into_inner()))
        }
    });
    let _server = world.serve(desk(script).concurrency_limit(1)).await;
    let desk = world.client().await;
    let mut first = desk.clone();
    let first = tokio::spawn(async move { first.ask(Order::number(1)).await });
    assert_eq!(numbers.next("the first call is handled").await, 1);
    let begun = Instant::now();
    let outcome = desk.clone().ask(within(SHORT, Order::number(2))).await;
    assert_exceeded(outcome, begun, SHORT);
    // The server's clock began with the record, a little later than the caller's.
    tokio::time::sleep(4 * SHORT).await;
    gate.open();
    soon("the first call ends", first).await.unwrap().unwrap();
    for number in 3..9 {
        // One in each partition, the one of the second call among them.
        desk.clone().ask(Order::number(number)).await.unwrap();
    }
    assert_eq!(numbers.so_far(), [3, 4, 5, 6, 7, 8]);
}

#[tokio::test]
async fn a_handler_is_cancelled_when_the_deadline_passes() {
    let world = World::embedded();
    let (seen, mut sights) = sightings();
    let script = Scripted::new(move |_| {
        let running = seen.on_drop("dropped");
        seen.tell("running");
        async move {
            let _running = running;
            pending().await
        }
    });
    let _server = world.desk(script).await;
    let begun = Instant::now();
    let outcome = world
        .client()
        .await
        .ask(within(10 * SHORT, Order::default()))
        .await;
    assert_exceeded(outcome, begun, 10 * SHORT);
    assert_eq!(sights.next("the handler runs").await, "running");
    assert_eq!(sights.next("the handler is dropped").await, "dropped");
}

#[tokio::test]
async fn a_key_is_free_again_when_the_deadline_of_its_call_passes() {
    let world = World::embedded();
    let script = Scripted::new(|request: Request<Order>| async move {
        if request.get_ref().number == 1 {
            pending::<()>().await;
        }
        Ok(receipt(request.into_inner()))
    });
    let _server = world.desk(script).await;
    let desk = world.client().await;
    let (mut first, mut second) = (desk.clone(), desk);
    let (first, second) = tokio::join!(
        first.place(within(SHORT, Order::of("ada", 1))),
        second.place(Order::of("ada", 2)),
    );
    assert_eq!(first.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(second.unwrap().get_ref().number, 2);
}

fn millis_ago(ago: i64) -> i64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis();
    i64::try_from(now).unwrap() - ago
}

#[tokio::test]
async fn the_deadline_is_the_records_timestamp_plus_the_timeout() {
    let world = World::embedded();
    let (seen, mut sights) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        seen.tell((
            request.get_ref().number,
            request.deadline().unwrap().remaining(),
        ));
        async { Ok(receipt(Order::default())) }
    });
    let _server = world.desk(script).await;
    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Desk.Ask");
    let request = |number: u32, age: i64, timeout: &str| {
        Record::to(&topic)
            .partition(0)
            .message(&Order::number(number))
            .header("grpc-timeout", timeout)
            .timestamp(millis_ago(age))
    };
    // Over before it was read; half over; and from a clock that is an hour ahead.
    foreign.write(request(1, 60_000, "59S")).await;
    foreign.write(request(2, 30_000, "60S")).await;
    foreign.write(request(3, -3_600_000, "60S")).await;
    let (number, left) = sights.next("the second request is handled").await;
    assert!(
        number == 2 && left <= Duration::from_secs(30),
        "{number}: {left:?}"
    );
    assert!(left > Duration::from_secs(20), "{left:?}");
    let (number, left) = sights.next("the third request is handled").await;
    assert!(
        number == 3 && left <= Duration::from_secs(60),
        "{number}: {left:?}"
    );
}

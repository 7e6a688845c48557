//! A broker that goes away and comes back.

use std::time::Duration;

use kafka_rpc::{Channel, Cluster, Code};
use kafka_rpc_tests::load::{Call, Load, TOLERANCE};
use kafka_rpc_tests::service::{DeskClient, Order, Scripted};
use kafka_rpc_tests::world::{World, desk};
use kafka_rpc_tests::{require_java, until};

use crate::broker::breakable;

const DEADLINE: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_work_again_when_the_broker_is_back() {
    require_java!();
    let mut broker = breakable().await;
    let world = World::on(Cluster::new(broker.bootstrap()));
    // The group need not notice.
    let server = desk(Scripted::echo()).consumer_property("session.timeout.ms", "60000");
    let server = world.serve(server).await;
    let load = Load::start(&world.client().await, 64, DEADLINE);
    load.goes_on(500).await;

    broker.restart();
    load.goes_on(500).await;

    // A crash, and a longer absence: the trouble that it made must not hold up what comes after.
    broker.kill();
    let failed = load.failed();
    until("calls have failed", || load.failed() > failed + 128).await;
    broker.restart();
    load.goes_on(500).await;

    let calls = load.stop().await;
    answered_or_told(&calls);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_broker_is_silent_calls_end_at_their_deadline() {
    require_java!();
    let mut broker = breakable().await;
    let world = World::on(Cluster::new(broker.bootstrap()));
    let server = world.desk(Scripted::echo()).await;
    let load = Load::start(&world.client().await, 64, Duration::from_secs(2));
    load.goes_on(500).await;

    broker.pause();
    until("calls have ended without a reply", || load.failed() >= 64).await;
    broker.resume();
    load.goes_on(500).await;

    let calls = load.stop().await;
    for call in &calls {
        assert!(call.took <= Duration::from_secs(2) + TOLERANCE, "{call:?}");
    }
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_waited_too_long_for_the_broker_is_sent_again_unless_it_has_a_key() {
    require_java!();
    let mut broker = breakable().await;
    let world = World::on(Cluster::new(broker.bootstrap()));
    let server = desk(Scripted::echo()).consumer_property("session.timeout.ms", "60000");
    let server = world.serve(server).await;
    let settings = Channel::builder().producer_property("message.timeout.ms", "1500");
    let channel = world.connect(settings).await;
    channel.prepare(<DeskClient>::DESCRIPTOR).await.unwrap();
    let mut desk = DeskClient::new(channel);
    desk.ask(Order::number(0)).await.unwrap();
    desk.place(Order::of("ada", 0)).await.unwrap();

    broker.kill();
    // So that what was under way has failed.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let calls = (1..20).map(|number| {
        let mut desk = desk.clone();
        tokio::spawn(async move { desk.ask(Order::number(number)).await })
    });
    let calls: Vec<_> = calls.collect();
    let status = desk.place(Order::of("ada", 1)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(calls.iter().all(|call| !call.is_finished()));
    broker.restart();
    for (number, call) in (1..20).zip(calls) {
        let response = call.await.unwrap().unwrap();
        assert_eq!(response.get_ref().number, number);
    }
    server.shutdown().await;
}

/// A broker that is away gives a call one of three outcomes.
fn answered_or_told(calls: &[Call]) {
    for call in calls {
        assert!(call.took <= DEADLINE + TOLERANCE, "{call:?}");
        if let Err(status) = &call.outcome {
            let told = matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded);
            assert!(told, "{call:?}");
        }
    }
}

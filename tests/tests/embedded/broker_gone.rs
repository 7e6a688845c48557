//! The broker goes away: calls and servers end all the same, in time.

use std::future::pending;
use std::time::{Duration, Instant};

use kafka_rpc::{Channel, ChannelBuilder, Cluster, Code, Request, ServerBuilder};
use kafka_rpc_tests::foreign::{Foreign, Record};
use kafka_rpc_tests::service::{DeskClient, DeskServer, Order, Scripted};
use kafka_rpc_tests::world::{Serving, World, desk};
use kafka_rpc_tests::{sent, sightings, soon};

/// A broker that ends when it is dropped, and a cluster that leads to it without holding it.
fn mortal() -> (World, Cluster) {
    let world = World::embedded();
    let cluster = Cluster::new(world.cluster().bootstrap_servers())
        .topic_prefix(world.name(""))
        // What the embedded broker needs.
        .property("fetch.wait.max.ms", "1");
    (world, cluster)
}

/// A client whose topics are there, and its broker.
async fn client(settings: ChannelBuilder) -> (World, DeskClient) {
    let (world, cluster) = mortal();
    // Only the embedded broker's own handle can create topics on it.
    world
        .channel()
        .await
        .prepare(DeskServer::<Scripted>::DESCRIPTOR)
        .await
        .unwrap();
    let channel = settings.connect(&cluster).await.unwrap();
    channel.prepare(<DeskClient>::DESCRIPTOR).await.unwrap();
    (world, DeskClient::new(channel))
}

#[tokio::test]
async fn a_call_whose_request_can_not_be_written_is_unavailable_before_its_deadline() {
    let settings = Channel::builder().producer_property("message.timeout.ms", "500");
    let (world, mut desk) = client(settings).await;
    drop(world);
    let begun = Instant::now();
    let status = desk.ask(Order::default()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn calls_end_at_their_deadline_where_the_broker_is_gone() {
    let (world, desk) = client(Channel::builder()).await;
    let limited = |number| {
        let mut request = Request::new(Order::number(number));
        request.set_timeout(Duration::from_millis(700));
        request
    };
    let (mut one, mut two) = (desk.clone(), desk);
    let begun = Instant::now();
    let mut pending = Box::pin(one.ask(limited(1)));
    sent(&mut pending).await;
    drop(world);
    let (pending, after) = tokio::join!(pending, two.ask(limited(2)));
    for outcome in [pending, after] {
        assert_eq!(outcome.unwrap_err().code(), Code::DeadlineExceeded);
    }
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn a_server_whose_broker_is_gone_ends_when_it_shall() {
    let (world, cluster) = mortal();
    world
        .channel()
        .await
        .prepare(DeskServer::<Scripted>::DESCRIPTOR)
        .await
        .unwrap();
    let (seen, mut sights) = sightings();
    let script = Scripted::new(move |_| {
        let dropped = seen.on_drop("dropped");
        seen.tell("running");
        async move {
            let _dropped = dropped;
            pending().await
        }
    });
    let builder: ServerBuilder = desk(script).drain_time(Duration::from_millis(200));
    let server = Serving::start(builder.handle(), builder.serve(&cluster)).await;
    let foreign = Foreign::new(world.cluster());
    let request = Record::to(world.name("tests.v1.Desk.Ask"));
    foreign.write(request.message(&Order::number(1))).await;
    assert_eq!(sights.next("the handler runs").await, "running");
    drop((foreign, world));
    let begun = Instant::now();
    server.handle().shutdown();
    soon("the server ends", server.ended()).await.unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(sights.next("the handler is ended").await, "dropped");
}

//! Calls that are left with Kafka, and whose replies are waited for later.

use std::time::{Duration, SystemTime};

use kafka_rpc::{CallHandle, Channel, Code, Request, Status};
use kafka_rpc_tests::service::{DeskClient, Order, Receipt, Scripted, receipt};
use kafka_rpc_tests::world::World;
use kafka_rpc_tests::{Gate, sightings};

type Handle = CallHandle<Receipt>;

#[tokio::test]
async fn a_reply_is_waited_for_by_the_channel_that_left_the_call() {
    let world = World::embedded();
    let _server = world.desk(Scripted::echo()).await;
    let channel = world.channel().await;
    let mut desk = DeskClient::new(channel.clone());
    let handle = desk.ask(Order::number(1)).enqueue().await.unwrap();
    assert_eq!(handle.method(), "tests.v1.Desk/Ask");
    assert_eq!(channel.reply(&handle).await.unwrap().get_ref().number, 1);
    let again = channel.reply(&handle).await.unwrap();
    assert_eq!(again.get_ref().number, 1, "it may be waited for again");
}

#[tokio::test]
async fn the_text_of_a_handle_is_enough_for_another_channel_and_the_server_may_come_later() {
    let world = World::with_partitions(4);
    let mut texts = Vec::new();
    {
        let mut desk = world.client().await;
        for number in 0..20 {
            let order = Order::number(number);
            texts.push(desk.ask(order).enqueue().await.unwrap().to_string());
        }
    }
    let _server = world.desk(Scripted::echo()).await;
    let channel = world.channel().await;
    // From the last to the first, then all at once.
    for (number, text) in texts.iter().enumerate().rev() {
        let handle: Handle = text.parse().unwrap();
        let reply = channel.reply(&handle).await.unwrap();
        assert_eq!(reply.get_ref().number, number as u32);
    }
    let channel = world.channel().await;
    let all = texts.iter().map(async |text| {
        let handle: Handle = text.parse().unwrap();
        channel.reply(&handle).await.map(|reply| reply.into_inner())
    });
    let replies = futures_util::future::try_join_all(all).await.unwrap();
    let numbers: Vec<u32> = replies.iter().map(|reply| reply.number).collect();
    assert_eq!(numbers, (0..20).collect::<Vec<_>>());
}

#[tokio::test]
async fn one_more_than_may_wait_for_their_acknowledgement_is_refused() {
    let world = World::embedded();
    let _server = world.desk(Scripted::echo()).await;
    let channel = world.connect(Channel::builder().pending_limit(1)).await;
    channel.prepare(<DeskClient>::DESCRIPTOR).await.unwrap();
    let mut desk = DeskClient::new(channel.clone());
    let mut other = desk.clone();
    let (first, second) = tokio::join!(
        desk.ask(Order::number(1)).enqueue(),
        other.ask(Order::number(2)).enqueue(),
    );
    let refused = second.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
    let reply = channel.reply(&first.unwrap()).await.unwrap();
    assert_eq!(reply.get_ref().number, 1);
    let third = desk.ask(Order::number(3)).enqueue().await.unwrap();
    assert_eq!(channel.reply(&third).await.unwrap().get_ref().number, 3);
}

#[tokio::test]
async fn a_reply_is_found_among_many_others() {
    let world = World::embedded();
    let _server = world.desk(Scripted::echo()).await;
    let channel = world.channel().await;
    let mut desk = DeskClient::new(channel.clone());
    for number in 0..200 {
        desk.ask(Order::number(number)).await.unwrap();
    }
    let handle = desk.ask(Order::number(1_000)).enqueue().await.unwrap();
    for number in 0..200 {
        desk.ask(Order::number(number)).await.unwrap();
    }
    assert_eq!(
        channel.reply(&handle).await.unwrap().get_ref().number,
        1_000
    );
}

#[tokio::test]
async fn the_status_of_a_call_that_failed_is_its_reply() {
    let world = World::embedded();
    let script = Scripted::new(async |_| Err(Status::not_found("no such order")));
    let _server = world.desk(script).await;
    let channel = world.channel().await;
    let mut desk = DeskClient::new(channel.clone());
    let handle = desk.ask(Order::number(1)).enqueue().await.unwrap();
    let status = channel.reply(&handle).await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::NotFound, "no such order")
    );
}

#[tokio::test]
async fn a_call_that_was_left_outlives_its_channel_and_a_wait_that_was_given_up() {
    let world = World::embedded();
    let gate = Gate::closed();
    let (seen, mut numbers) = sightings();
    let script = {
        let gate = gate.clone();
        Scripted::new(move |request: Request<Order>| {
            seen.tell(request.get_ref().number);
            let gate = gate.clone();
            async move {
                gate.pass().await;
                Ok(receipt(request.into_inner()))
            }
        })
    };
    let _server = world.desk(script).await;
    let handle = {
        let mut desk = world.client().await;
        desk.ask(Order::number(7)).enqueue().await.unwrap()
    };
    assert_eq!(numbers.next("it is handled").await, 7);
    let channel = world.channel().await;
    let given_up = tokio::time::timeout(Duration::from_millis(200), channel.reply(&handle)).await;
    assert!(given_up.is_err());
    gate.open();
    assert_eq!(channel.reply(&handle).await.unwrap().get_ref().number, 7);
}

#[tokio::test]
async fn nobody_waits_twice_at_a_time_for_one_reply() {
    let world = World::embedded();
    let channel = world.channel().await;
    let mut desk = DeskClient::new(channel.clone());
    let handle = desk.ask(Order::number(1)).enqueue().await.unwrap();
    let mut first = Box::pin(channel.reply(&handle));
    tokio::select! {
        biased;
        _ = &mut first => unreachable!("there is no server"),
        () = tokio::time::sleep(Duration::from_millis(300)) => {}
    }
    let status = channel.reply(&handle).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    let _server = world.desk(Scripted::echo()).await;
    assert_eq!(first.await.unwrap().get_ref().number, 1);
}

#[tokio::test]
async fn a_call_that_was_left_has_an_hour_unless_it_sets_its_own_time() {
    let world = World::embedded();
    let (seen, mut times) = sightings();
    let script = Scripted::new(move |request: Request<Order>| {
        let left = request.deadline().map(|deadline| deadline.remaining());
        seen.tell(left.unwrap_or_default().as_secs());
        async move { Ok(receipt(request.into_inner())) }
    });
    let _server = world.desk(script).await;
    let mut desk = world.client().await;
    let mut own = Request::new(Order::number(1));
    own.set_timeout(Duration::from_secs(1_000));
    for (request, expected) in [(Request::new(Order::number(0)), 3_600), (own, 1_000)] {
        let handle = desk.ask(request).enqueue().await.unwrap();
        let left = times.next("it is handled").await;
        assert!((expected - 60..=expected).contains(&left), "{left} s");
        let until = handle.deadline().duration_since(SystemTime::now()).unwrap();
        assert!(until.as_secs().abs_diff(left) < 60, "{until:?}");
    }
}

#[tokio::test]
async fn a_request_that_is_too_large_is_refused_at_once() {
    let world = World::embedded();
    let mut desk = world.client().await;
    let status = desk.ask(Order::large(2 << 20)).enqueue().await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
}

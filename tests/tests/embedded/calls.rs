//! Our calls: what is sent, and that each gets its own reply.

use std::future::pending;
use std::time::Duration;

use kafka_rpc::{Channel, Request};
use kafka_rpc_tests::foreign::Foreign;
use kafka_rpc_tests::service::{DeskClient, Order, Scripted};
use kafka_rpc_tests::soon;
use kafka_rpc_tests::world::World;
use tokio::task::JoinSet;

#[tokio::test]
async fn a_call_is_answered() {
    let world = World::embedded();
    let _server = world.desk(Scripted::echo()).await;
    let receipt = world.client().await.ask(Order::number(7)).await.unwrap();
    assert_eq!(receipt.get_ref().number, 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_channel_serves_many_tasks_and_each_gets_its_own_reply() {
    let world = World::embedded();
    let _server = world.desk(Scripted::echo()).await;
    let channel = world.channel().await;
    let mut callers = JoinSet::new();
    for number in 0..1000 {
        let mut desk = DeskClient::new(channel.clone());
        callers.spawn(async move {
            let receipt = desk.ask(Order::number(number)).await.unwrap();
            assert_eq!(receipt.get_ref().number, number);
        });
    }
    soon("all calls are answered", callers.join_all()).await;
}

#[tokio::test]
async fn channels_that_share_a_reply_partition_each_get_their_own_replies() {
    let world = World::with_partitions(1);
    let _server = world.desk(Scripted::echo()).await;
    let mut callers = JoinSet::new();
    for channel in 0..4 {
        let desk = world.client().await;
        for number in 0..50 {
            let (mut desk, number) = (desk.clone(), channel * 100 + number);
            callers.spawn(async move {
                let receipt = desk.ask(Order::number(number)).await.unwrap();
                assert_eq!(receipt.get_ref().number, number);
            });
        }
    }
    soon("all calls are answered", callers.join_all()).await;
}

#[tokio::test]
async fn what_lies_in_the_reply_partition_already_is_not_read_by_a_new_channel() {
    let world = World::with_partitions(1);
    let _server = world.desk(Scripted::echo()).await;
    for number in 0..3 {
        // Each channel's first call: sent as soon as its position is known.
        let receipt = world
            .client()
            .await
            .ask(Order::number(number))
            .await
            .unwrap();
        assert_eq!(receipt.get_ref().number, number);
    }
}

#[tokio::test]
async fn our_request_has_the_headers_of_the_contract() {
    let world = World::embedded();
    let mut desk = world.client().await;
    let mut request = Request::new(Order::of("ada", 9));
    request.set_timeout(Duration::from_secs(5));
    request
        .metadata_mut()
        .insert("tenant", "north".parse().unwrap())
        .unwrap();
    let call = tokio::spawn(async move { desk.place(request).await });
    let topic = world.name("tests.v1.Desk.Place");
    let request = Foreign::new(world.cluster()).read(&topic).next().await;
    call.abort();

    assert_eq!(request.key.as_deref(), Some(&b"ada"[..]));
    assert_eq!(request.decode::<Order>(), Order::of("ada", 9));
    let id = request.text("kafka_correlationId");
    let dashes: Vec<_> = id.match_indices('-').map(|(at, _)| at).collect();
    assert_eq!(
        (id.len(), dashes, &id[14..15]),
        (36, vec![8, 13, 18, 23], "4"),
        "{id}"
    );
    assert_eq!(request.text("kafka_replyTopic"), format!("{topic}.reply"));
    let partition = request.get("kafka_replyPartition").unwrap();
    assert_eq!((partition.len(), &partition[..3]), (4, &[0, 0, 0][..]));
    assert!(partition[3] < 4);
    assert_eq!(request.text("rpc-method"), "tests.v1.Desk/Place");
    assert_eq!(request.get("content-type"), None);
    let timeout = request.text("grpc-timeout");
    assert!(
        timeout == "5S" || timeout.starts_with("49") && timeout.ends_with('u'),
        "{timeout}"
    );
    assert_eq!(request.text("tenant"), "north");
    assert_eq!(request.get("rpc-frame"), None);
}

#[tokio::test]
async fn a_call_too_many_is_refused_at_once_and_the_pending_ones_stay() {
    let world = World::embedded();
    let script = Scripted::new(|request: Request<Order>| async move {
        if request.get_ref().number == 0 {
            pending::<()>().await;
        }
        Ok(kafka_rpc_tests::service::receipt(request.into_inner()))
    });
    let _server = world.desk(script).await;
    let channel = world.connect(Channel::builder().pending_limit(2)).await;
    channel.prepare(<DeskClient>::DESCRIPTOR).await.unwrap();
    let desk = DeskClient::new(channel);
    let mut stuck: Vec<_> = (0..2)
        .map(|_| {
            let mut desk = desk.clone();
            Box::pin(async move { desk.ask(Order::number(0)).await })
        })
        .collect();
    for call in &mut stuck {
        kafka_rpc_tests::sent(call).await;
    }
    let status = desk.clone().ask(Order::number(1)).await.unwrap_err();
    assert_eq!(status.code(), kafka_rpc::Code::ResourceExhausted);
    assert!(status.message().contains("2 calls are pending"), "{status}");
    // A call that is over, or dropped, makes room.
    stuck.pop();
    assert_eq!(
        desk.clone()
            .ask(Order::number(2))
            .await
            .unwrap()
            .get_ref()
            .number,
        2
    );
    assert_eq!(
        desk.clone()
            .ask(Order::number(3))
            .await
            .unwrap()
            .get_ref()
            .number,
        3
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn first_calls_that_are_given_up_do_not_spoil_the_method() {
    let world = World::embedded();
    let _server = world.desk(Scripted::echo()).await;
    for _ in 0..5 {
        // The topics are looked up, and the replies begun to be read, by the first call.
        let desk = DeskClient::new(world.channel().await);
        for millis in 0..12 {
            let mut request = Request::new(Order::number(1));
            request.set_timeout(Duration::from_millis(millis));
            let _whatever = desk.clone().ask(request).await;
        }
        let receipt = desk.clone().ask(Order::number(2)).await.unwrap();
        assert_eq!(receipt.get_ref().number, 2);
    }
}

//! Where replies go, and what they carry, for callers of our make and of others.

use std::collections::HashSet;
use std::future::pending;

use kafka_rpc::{Channel, Request, TopicSettings};
use kafka_rpc_tests::foreign::{Foreign, Record};
use kafka_rpc_tests::service::{DeskClient, Order, Receipt, Scripted};
use kafka_rpc_tests::soon;
use kafka_rpc_tests::world::{Serving, World};
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
    let topics = TopicSettings::new().reply_partitions(1);
    let world = World::embedded().with(|cluster| cluster.topics(topics));
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
    let topics = TopicSettings::new().reply_partitions(1);
    let world = World::embedded().with(|cluster| cluster.topics(topics));
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

/// A server of the desk, a client of another make, and the topic of `Ask`.
async fn foreign() -> (Serving, Foreign, String) {
    let world = World::embedded();
    let server = world.desk(Scripted::echo()).await;
    let topic = world.name("tests.v1.Desk.Ask");
    (server, Foreign::new(world.cluster()), topic)
}

#[tokio::test]
async fn a_reply_goes_to_the_partition_that_spring_names_in_four_bytes() {
    let (_server, foreign, topic) = foreign().await;
    let mut replies = foreign.read(&format!("{topic}.reply"));
    for partition in [2, 0, 3] {
        let request = Record::request(&topic, "spring", &Order::number(1))
            .header("kafka_replyPartition", i32::to_be_bytes(partition));
        foreign.write(request).await;
        assert_eq!(replies.next().await.partition, Some(partition));
    }
}

#[tokio::test]
async fn a_reply_goes_to_the_partition_that_nestjs_names_in_decimal() {
    let (_server, foreign, topic) = foreign().await;
    let mut replies = foreign.read(&format!("{topic}.reply"));
    for partition in [3, 1, 2] {
        let request = Record::request(&topic, "nestjs", &Order::number(1))
            .header("kafka_replyPartition", partition.to_string());
        foreign.write(request).await;
        assert_eq!(replies.next().await.partition, Some(partition));
    }
}

#[tokio::test]
async fn a_reply_without_a_partition_goes_where_the_correlation_id_belongs_as_a_key() {
    let (_server, foreign, topic) = foreign().await;
    let reply_topic = format!("{topic}.reply");
    let mut replies = foreign.read(&reply_topic);
    let mut partitions = HashSet::new();
    for id in ["a", "b", "c", "d", "call-5", "call-6"] {
        foreign
            .write(Record::request(&topic, id, &Order::number(1)))
            .await;
        let reply = replies.next().await;
        assert_eq!(reply.key.as_deref(), Some(id.as_bytes()));
        // Where Kafka's own partitioner puts the key.
        let probe = foreign.write(Record::to(&reply_topic).key(id)).await;
        assert_eq!(reply.partition, Some(probe.partition), "{id}");
        replies.next().await;
        partitions.insert(probe.partition);
    }
    assert!(
        partitions.len() > 1,
        "the ids of this test should differ in their partitions"
    );
}

#[tokio::test]
async fn a_correlation_id_is_echoed_byte_by_byte() {
    let (_server, foreign, topic) = foreign().await;
    let mut replies = foreign.read(&format!("{topic}.reply"));
    let ids: [&[u8]; 6] = [
        &[0],
        &[0xff; 16],
        b"5a1e0c7e-60b5-4f2f-a4a1-0e2d7f1c3b42",
        b"5A1E0C7E-60B5-4F2F-A4A1-0E2D7F1C3B42",
        "grüße\r\n".as_bytes(),
        &[b'i'; 64],
    ];
    for id in ids {
        let request = Record::request(&topic, "", &Order::number(1))
            .without("kafka_correlationId")
            .header("kafka_correlationId", id);
        foreign.write(request).await;
        let reply = replies.next().await;
        assert_eq!(reply.get("kafka_correlationId"), Some(id));
        assert_eq!(reply.decode::<Receipt>().number, 1);
    }
}

#[tokio::test]
async fn a_good_reply_carries_the_bare_message_and_says_ok() {
    let (_server, foreign, topic) = foreign().await;
    foreign
        .write(Record::request(&topic, "call-1", &Order::number(9)))
        .await;
    let reply = foreign.read(&format!("{topic}.reply")).next().await;
    assert_eq!(reply.value.as_deref(), Some(&[8, 9][..]));
    assert_eq!(reply.text("content-type"), "application/protobuf");
    assert_eq!(reply.text("grpc-status"), "0");
    assert_eq!(reply.get("grpc-message"), None);
}

#[tokio::test]
async fn our_request_has_the_headers_of_the_contract() {
    let world = World::embedded();
    let mut desk = world.client().await;
    let mut request = Request::new(Order::of("ada", 9));
    request.set_timeout(std::time::Duration::from_secs(5));
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
    assert_eq!(request.text("content-type"), "application/protobuf");
    let timeout = request.text("grpc-timeout");
    assert!(
        timeout == "5S" || timeout.starts_with("49") && timeout.ends_with('u'),
        "{timeout}"
    );
    assert_eq!(request.text("tenant"), "north");
    assert_eq!(request.get("rpc-frame"), None);
}

#[tokio::test]
async fn a_reply_in_another_encoding_than_asked_for_is_internal() {
    let world = World::embedded();
    let mut desk = world.client().await;
    let call = tokio::spawn(async move { desk.ask(Order::number(1)).await });
    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Desk.Ask");
    let request = foreign.read(&topic).next().await;
    let reply = answer_to(&request)
        .header("content-type", "application/json")
        .value("{}");
    foreign.write(reply).await;
    let status = soon("the call ends", call).await.unwrap().unwrap_err();
    assert_eq!(status.code(), kafka_rpc::Code::Internal);
    assert!(status.message().contains("application/json"), "{status}");
}

/// A record where the caller of a request waits for its reply.
fn answer_to(request: &Record) -> Record {
    let partition = request.get("kafka_replyPartition").unwrap();
    let partition = i32::from_be_bytes(partition.try_into().unwrap());
    Record::to(request.text("kafka_replyTopic"))
        .partition(partition)
        .header(
            "kafka_correlationId",
            request.get("kafka_correlationId").unwrap(),
        )
}

#[tokio::test]
async fn a_reply_of_another_make_needs_no_more_than_the_correlation_id() {
    let world = World::embedded();
    let mut desk = world.client().await;
    let call = tokio::spawn(async move { desk.ask(Order::number(1)).await });
    let foreign = Foreign::new(world.cluster());
    let request = foreign.read(&world.name("tests.v1.Desk.Ask")).next().await;
    let receipt = Receipt {
        number: 5,
        ..Receipt::default()
    };
    foreign.write(answer_to(&request).message(&receipt)).await;
    let response = soon("the call ends", call).await.unwrap().unwrap();
    assert_eq!(response.get_ref(), &receipt);
}

#[tokio::test]
async fn a_reply_that_is_not_the_message_is_internal_and_a_bad_status_unknown() {
    let world = World::embedded();
    let desk = world.client().await;
    let foreign = Foreign::new(world.cluster());
    let mut requests = foreign.read(&world.name("tests.v1.Desk.Ask"));
    let bad: [(fn(Record) -> Record, kafka_rpc::Code); 3] = [
        (|reply| reply.value([0xff, 0xff]), kafka_rpc::Code::Internal),
        (
            |reply| reply.header("grpc-status", "seven"),
            kafka_rpc::Code::Unknown,
        ),
        (
            |reply| reply.header("grpc-status", "99"),
            kafka_rpc::Code::Unknown,
        ),
    ];
    for (spoil, code) in bad {
        let mut desk = desk.clone();
        let call = tokio::spawn(async move { desk.ask(Order::number(1)).await });
        let request = requests.next().await;
        foreign.write(spoil(answer_to(&request))).await;
        let status = soon("the call ends", call).await.unwrap().unwrap_err();
        assert_eq!(status.code(), code, "{status}");
    }
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

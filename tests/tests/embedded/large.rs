//! Messages that are larger than a record may be; in small pieces, for the embedded broker keeps 5 MiB of each partition.

use futures_util::stream::{self, StreamExt as _};
use kafka_rpc::{Channel, ChannelBuilder, Code, Request, Server, ServerBuilder};
use kafka_rpc_tests::relay::{Ask, Number, Numbers, RelayClient, RelayServer};
use kafka_rpc_tests::service::{DeskClient, Order, Receipt, Scripted, receipt};
use kafka_rpc_tests::soon;
use kafka_rpc_tests::world::{World, desk};

const MIB: usize = 1024 * 1024;
const PIECE: usize = MIB / 16;

fn mirror() -> Scripted {
    Scripted::new(|request: Request<Order>| async move {
        let order = request.into_inner();
        Ok(receipt(order.clone()).map(|_| Receipt {
            number: order.number,
            payload: order.payload,
        }))
    })
}

fn taking() -> ServerBuilder {
    desk(mirror())
        .message_limit(PIECE)
        .chunked_message_limit(20 * MIB)
}

fn sending() -> ChannelBuilder {
    Channel::builder()
        .message_limit(PIECE)
        .chunked_message_limit(20 * MIB)
}

fn pattern(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at * 31 % 251) as u8).collect()
}

fn order(number: u32, bytes: usize) -> Order {
    Order {
        payload: pattern(bytes),
        ..Order::number(number)
    }
}

#[tokio::test]
async fn a_large_call_goes_and_its_large_reply_comes_whole() {
    let world = World::embedded();
    let _server = world.serve(taking()).await;
    let mut desk = DeskClient::new(world.connect(sending()).await);
    for (number, bytes) in [(1, 100), (2, PIECE), (3, MIB), (4, 3 * MIB)] {
        let reply = soon("the reply comes", desk.ask(order(number, bytes))).await;
        let reply = reply.unwrap().into_inner();
        assert_eq!(reply.number, number);
        assert!(reply.payload == pattern(bytes), "of {bytes} bytes");
    }
}

#[tokio::test]
async fn many_large_calls_at_a_time_keep_apart() {
    let world = World::with_partitions(2);
    let _server = world.serve(taking()).await;
    let desk = DeskClient::new(world.connect(sending()).await);
    let calls = (0..12_u32).map(|number| {
        let mut desk = desk.clone();
        async move {
            let bytes = MIB / 4 + number as usize;
            let reply = desk.ask(order(number, bytes)).await.unwrap().into_inner();
            assert_eq!((reply.number, reply.payload.len()), (number, bytes));
        }
    });
    soon("all are answered", futures_util::future::join_all(calls)).await;
}

#[tokio::test]
async fn streams_have_large_messages_both_ways() {
    let world = World::embedded();
    let server = Server::builder()
        .add_service(RelayServer::new(Numbers::default()))
        .message_limit(PIECE)
        .chunked_message_limit(20 * MIB);
    let _server = world.serve(server).await;
    let mut relay = RelayClient::new(world.connect(sending()).await);
    let large = Ask {
        count: 6,
        padding: (MIB / 2) as u32,
        ..Ask::default()
    };
    let numbers = relay.count(large).await.unwrap().into_inner();
    let sizes = numbers.map(|number| number.unwrap().padding.len());
    let sizes: Vec<_> = soon("all come", sizes.collect()).await;
    assert_eq!(sizes, [MIB / 2; 6]);

    let numbers = stream::iter((1..=6).map(|value| Number {
        padding: pattern(MIB / 2),
        ..Number::new(value)
    }));
    let answers = relay.double(numbers).await.unwrap().into_inner();
    let answers = answers.map(|answer| {
        let answer = answer.unwrap();
        assert!(answer.padding == pattern(MIB / 2));
        answer.value
    });
    let answers: Vec<_> = soon("all are doubled", answers.collect()).await;
    assert_eq!(answers, [2, 4, 6, 8, 10, 12]);
}

#[tokio::test]
async fn a_message_over_the_limit_of_all_pieces_is_refused_before_it_is_sent() {
    let world = World::embedded();
    let _server = world.serve(taking()).await;
    let channel = sending().chunked_message_limit(2 * MIB);
    let mut desk = DeskClient::new(world.connect(channel).await);
    let status = soon("it ends", desk.ask(order(1, 3 * MIB))).await;
    assert_eq!(status.unwrap_err().code(), Code::ResourceExhausted);
    soon("the next goes", desk.ask(order(2, MIB + MIB / 2)))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_server_that_takes_no_pieces_says_so() {
    let world = World::embedded();
    let _server = world.desk(mirror()).await;
    let mut desk = DeskClient::new(world.connect(sending()).await);
    let status = soon("it ends", desk.ask(order(1, 3 * MIB)))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    assert!(
        status.message().contains("chunked_message_limit"),
        "{status}"
    );
}

#[tokio::test]
async fn a_server_that_takes_less_says_so() {
    let world = World::embedded();
    let _server = world.serve(taking().chunked_message_limit(2 * MIB)).await;
    let mut desk = DeskClient::new(world.connect(sending()).await);
    let status = soon("it ends", desk.ask(order(1, 3 * MIB)))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    soon("the next is taken", desk.ask(order(2, MIB + 1)))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_channel_that_takes_no_pieces_is_told_so_and_goes_on() {
    let world = World::embedded();
    let script = Scripted::new(|request: Request<Order>| async move {
        let number = request.get_ref().number;
        Ok(kafka_rpc::Response::new(Receipt {
            number,
            payload: pattern(number as usize * MIB),
        }))
    });
    let _server = world
        .serve(desk(script).chunked_message_limit(20 * MIB))
        .await;
    let mut desk = world.client().await;
    let status = soon("it ends", desk.ask(Order::number(3)))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    soon("the next comes", desk.ask(Order::number(0)))
        .await
        .unwrap();
}

//! The records of streams, as the wire contract shows them.

use futures_util::stream::{self, StreamExt as _};
use kafka_rpc::Request;
use kafka_rpc_tests::foreign::{Foreign, Record};
use kafka_rpc_tests::relay::{Ask, Number};
use kafka_rpc_tests::soon;
use kafka_rpc_tests::world::World;
use prost::Message as _;

use super::{client, relay};

/// What a record says besides its call and trace; numbers as text.
fn shown(record: &Record) -> String {
    let headers = record.headers.iter().filter(|(name, _)| {
        !["kafka_correlationId", "traceparent", "tracestate"].contains(&&**name)
    });
    let headers = headers.map(|(name, value)| {
        let value = value.as_deref().unwrap_or_default();
        match &**name {
            "kafka_replyPartition" => format!("{name}={value:?}"),
            _ => format!("{name}={}", String::from_utf8_lossy(value)),
        }
    });
    let headers: Vec<_> = headers.collect();
    let value = record.value.as_deref().unwrap_or_default();
    format!("{} {value:?}", headers.join(" ")).trim().to_owned()
}

/// The first records of a topic, but for credit that is repeated; all are of one call, and lie with
/// one key in one partition.
async fn said(foreign: &Foreign, topic: &str, count: usize) -> Vec<Record> {
    let mut replies = foreign.read(topic);
    let mut records: Vec<Record> = Vec::new();
    while records.len() < count {
        let record = replies.next().await;
        if record.text("rpc-frame") != "credit" {
            records.push(record);
        }
    }
    let place = |record: &Record| {
        let id = record.text("kafka_correlationId");
        (id, record.partition, record.key.clone())
    };
    let places: Vec<_> = records.iter().map(place).collect();
    assert!(places.iter().all(|other| *other == places[0]), "{places:?}");
    records
}

fn bytes(value: u64) -> Vec<u8> {
    Number::new(value).encode_to_vec()
}

#[tokio::test]
async fn a_stream_of_the_server_is_a_response_numbered_messages_and_a_status() {
    let world = World::with_partitions(1);
    let (_server, _) = relay(&world).await;
    let ask = Ask {
        count: 2,
        ..Ask::default()
    };
    let mut request = Request::new(ask.clone());
    request.set_key("ann");
    let numbers = client(&world).await.count(request).await.unwrap();
    let numbers = numbers.into_inner().map(|n| n.unwrap().encode_to_vec());
    let numbers: Vec<_> = soon("all come", numbers.collect()).await;

    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Relay.Count");
    let said_by_caller = said(&foreign, &topic, 1).await;
    let [request] = &said_by_caller[..] else {
        panic!("{said_by_caller:?}");
    };
    assert_eq!(request.key.as_deref(), Some(&b"ann"[..]));
    assert_eq!(
        shown(request),
        format!(
            "kafka_replyTopic={topic}.reply kafka_replyPartition=[0, 0, 0, 0] \
             rpc-method=tests.v1.Relay/Count grpc-timeout=30S rpc-credit=8192 8388608 {:?}",
            ask.encode_to_vec()
        )
    );
    let replies = said(&foreign, &format!("{topic}.reply"), 4).await;
    assert_eq!(replies[0].key, None);
    let expected = [
        "rpc-frame=response []".to_owned(),
        format!("rpc-frame=message rpc-seq=1 {:?}", numbers[0]),
        format!("rpc-frame=message rpc-seq=2 {:?}", numbers[1]),
        "rpc-frame=status rpc-seq=3 last=2 []".to_owned(),
    ];
    assert_eq!(replies.iter().map(shown).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_stream_of_both_sides_is_numbered_each_way_and_closed_by_halves() {
    let world = World::with_partitions(1);
    let (_server, _) = relay(&world).await;
    let mut request = Request::new(stream::iter([1, 2].map(Number::new)));
    request.set_key("ann");
    let numbers = client(&world).await.double(request).await.unwrap();
    let numbers: Vec<_> = soon("all come", numbers.into_inner().collect()).await;
    assert_eq!(numbers.len(), 2);

    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Relay.Double");
    let caller = said(&foreign, &topic, 4).await;
    assert_eq!(caller[0].key.as_deref(), Some(&b"ann"[..]));
    let expected = [
        format!(
            "kafka_replyTopic={topic}.reply kafka_replyPartition=[0, 0, 0, 0] \
             rpc-method=tests.v1.Relay/Double grpc-timeout=30S rpc-credit=8192 8388608 []"
        ),
        format!("rpc-frame=message rpc-seq=1 {:?}", bytes(1)),
        format!("rpc-frame=message rpc-seq=2 {:?}", bytes(2)),
        "rpc-frame=half-close rpc-seq=3 []".to_owned(),
    ];
    assert_eq!(caller.iter().map(shown).collect::<Vec<_>>(), expected);
    let replies = said(&foreign, &format!("{topic}.reply"), 4).await;
    let expected = [
        "rpc-frame=response []".to_owned(),
        format!("rpc-frame=message rpc-seq=1 {:?}", bytes(2)),
        format!("rpc-frame=message rpc-seq=2 {:?}", bytes(4)),
        "rpc-frame=status rpc-seq=3 []".to_owned(),
    ];
    assert_eq!(replies.iter().map(shown).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn both_sides_repeat_their_credit_while_nothing_is_said() {
    let world = World::with_partitions(1);
    let (_server, _) = relay(&world).await;
    let mut relay = client(&world).await;
    let _open = relay.double(stream::pending::<Number>()).await.unwrap();
    let foreign = Foreign::new(world.cluster());
    let topic = world.name("tests.v1.Relay.Double");
    let mut caller = foreign.read(&topic);
    assert_eq!(caller.next().await.text("rpc-frame"), "");
    for _ in 0..2 {
        assert_eq!(
            shown(&caller.next().await),
            format!(
                "kafka_replyTopic={topic}.reply kafka_replyPartition=[0, 0, 0, 0] \
                 rpc-frame=credit rpc-credit=8192 8388608 []"
            )
        );
    }
    let mut server = foreign.read(&format!("{topic}.reply"));
    assert_eq!(server.next().await.text("rpc-frame"), "response");
    for _ in 0..2 {
        let credit = server.next().await;
        assert_eq!(shown(&credit), "rpc-frame=credit rpc-credit=64 65536 []");
    }
}

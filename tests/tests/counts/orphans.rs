//! A reply that no call waits for is counted and dropped.

use std::time::Duration;

use kafka_rpc::{Code, Request};
use kafka_rpc_tests::foreign::{Foreign, Record, Replies};
use kafka_rpc_tests::service::{DeskClient, Order, Receipt, Scripted};
use kafka_rpc_tests::soon;
use kafka_rpc_tests::world::World;
use tokio::task::JoinHandle;

use crate::counters::Counters;

const ORPHANS: &str = "kafka_rpc.client.orphaned_replies";

/// Our client, and a server of another make.
struct Probe {
    counters: Counters,
    desk: DeskClient,
    foreign: Foreign,
    requests: Replies,
}

impl Probe {
    async fn start() -> Self {
        let counters = Counters::start().await;
        let world = World::embedded();
        let foreign = Foreign::new(world.cluster());
        let desk = world.client().await;
        Self {
            counters,
            desk,
            requests: foreign.read(&world.name("tests.v1.Desk.Ask")),
            foreign,
        }
    }

    /// Begins a call; returns its request, too.
    async fn call(
        &mut self,
        timeout: Duration,
    ) -> (JoinHandle<Result<u32, kafka_rpc::Status>>, Record) {
        let mut desk = self.desk.clone();
        let call = tokio::spawn(async move {
            let mut request = Request::new(Order::number(1));
            request.set_timeout(timeout);
            Ok(desk.ask(request).await?.get_ref().number)
        });
        (call, self.requests.next().await)
    }

    /// Answers a request.
    async fn answer(&self, request: &Record, number: u32) {
        let id = request.get("kafka_correlationId").unwrap();
        self.reply(
            request,
            |reply| reply.header("kafka_correlationId", id),
            number,
        )
        .await;
    }

    /// Writes a reply with another correlation id to where a request's reply belongs.
    async fn reply(&self, request: &Record, id: impl FnOnce(Record) -> Record, number: u32) {
        let partition = request.get("kafka_replyPartition").unwrap();
        let receipt = Receipt {
            number,
            ..Receipt::default()
        };
        let reply = Record::to(request.text("kafka_replyTopic"))
            .partition(i32::from_be_bytes(partition.try_into().unwrap()))
            .message(&receipt);
        self.foreign.write(id(reply)).await;
    }

    /// A call that comes after all of what was written before is answered as ever.
    async fn all_is_well(&mut self) {
        let (call, request) = self.call(Duration::from_secs(10)).await;
        self.answer(&request, 77).await;
        assert_eq!(soon("the call ends", call).await.unwrap().unwrap(), 77);
    }
}

#[tokio::test]
async fn a_late_reply_is_counted_and_dropped() {
    let mut probe = Probe::start().await;
    let (call, request) = probe.call(Duration::from_millis(100)).await;
    let status = soon("the call ends", call).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(probe.counters.get(ORPHANS), 0);
    probe.answer(&request, 5).await;
    probe.counters.reaches(ORPHANS, 1).await;
    probe.all_is_well().await;
    assert_eq!(probe.counters.get(ORPHANS), 1);
}

#[tokio::test]
async fn a_duplicate_reply_is_counted_and_dropped_and_the_first_one_counts() {
    let mut probe = Probe::start().await;
    let (call, request) = probe.call(Duration::from_secs(10)).await;
    for number in [5, 6, 7] {
        probe.answer(&request, number).await;
    }
    assert_eq!(soon("the call ends", call).await.unwrap().unwrap(), 5);
    probe.counters.reaches(ORPHANS, 2).await;
    probe.all_is_well().await;
    assert_eq!(probe.counters.get(ORPHANS), 2);
}

#[tokio::test]
async fn a_foreign_reply_is_counted_and_dropped() {
    let mut probe = Probe::start().await;
    let (call, request) = probe.call(Duration::from_secs(10)).await;
    let id = request.text("kafka_correlationId");
    let ids: [&[u8]; 5] = [
        b"0a1e0c7e-60b5-4f2f-a4a1-0e2d7f1c3b42",
        &id.to_uppercase().into_bytes(),
        &[7; 16],
        b"",
        &[b'i'; 65],
    ];
    for id in ids {
        probe
            .reply(&request, |reply| reply.header("kafka_correlationId", id), 1)
            .await;
    }
    probe.reply(&request, |reply| reply, 1).await;
    let twice = |reply: Record| {
        let id = id.clone();
        reply
            .header("kafka_correlationId", id.clone())
            .header("kafka_correlationId", id)
    };
    probe.reply(&request, twice, 1).await;
    probe.counters.reaches(ORPHANS, 7).await;
    assert!(!call.is_finished());
    probe.answer(&request, 5).await;
    assert_eq!(soon("the call ends", call).await.unwrap().unwrap(), 5);
    probe.all_is_well().await;
    assert_eq!(probe.counters.get(ORPHANS), 7);
}

#[tokio::test]
async fn a_reply_to_a_call_that_was_dropped_is_counted_and_dropped() {
    let mut probe = Probe::start().await;
    let (call, request) = probe.call(Duration::from_secs(10)).await;
    call.abort();
    let cancel = probe.requests.next().await;
    assert_eq!(cancel.text("rpc-frame"), "cancel");
    assert_eq!(
        cancel.get("kafka_correlationId"),
        request.get("kafka_correlationId")
    );
    assert_eq!(cancel.partition, request.partition);
    probe.answer(&request, 5).await;
    probe.counters.reaches(ORPHANS, 1).await;
}

#[tokio::test]
async fn the_replies_of_a_channel_that_shares_the_partition_are_counted_and_dropped() {
    let mut counters = Counters::start().await;
    let world = World::with_partitions(1);
    let _server = world.desk(Scripted::echo()).await;
    let (mut one, mut other) = (world.client().await, world.client().await);
    for number in 0..5 {
        assert_eq!(
            one.ask(Order::number(number))
                .await
                .unwrap()
                .get_ref()
                .number,
            number
        );
    }
    counters.reaches(ORPHANS, 5).await;
    assert_eq!(
        other.ask(Order::number(9)).await.unwrap().get_ref().number,
        9
    );
    counters.reaches(ORPHANS, 6).await;
}

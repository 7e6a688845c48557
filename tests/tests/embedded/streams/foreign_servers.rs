//! Our streams, answered by servers of another make that do not do what the contract says.

use std::time::Duration;

use futures_util::stream;
use kafka_rpc::{Channel, ChannelBuilder, Code, Response, Status, Streaming};
use kafka_rpc_tests::foreign::{Foreign, Record, Replies};
use kafka_rpc_tests::relay::{Number, RelayClient};
use kafka_rpc_tests::service::{DeskClient, Order};
use kafka_rpc_tests::soon;
use kafka_rpc_tests::world::World;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::ask;

type Counting = JoinHandle<Result<Response<Streaming<Number>>, Status>>;

/// A server of another make, and what one caller has asked it.
struct Impostor {
    foreign: Foreign,
    requests: Replies,
    request: Record,
    /// A channel that nobody uses any more takes its last words with it.
    channel: Channel,
}

impl Impostor {
    /// Begins a call of `Count`.
    async fn asked() -> (Self, Counting) {
        Self::asked_by(Channel::builder()).await
    }

    async fn asked_by(builder: ChannelBuilder) -> (Self, Counting) {
        let world = World::with_partitions(1);
        let channel = world.connect(builder).await;
        channel.prepare(<RelayClient>::DESCRIPTOR).await.unwrap();
        let mut relay = RelayClient::new(channel.clone());
        let call = tokio::spawn(async move { relay.count(ask(1)).await });
        let topic = world.name("tests.v1.Relay.Count");
        (Self::at(&world, &topic, channel).await, call)
    }

    async fn at(world: &World, topic: &str, channel: Channel) -> Self {
        let foreign = Foreign::new(world.cluster());
        let mut requests = foreign.read(topic);
        Self {
            request: requests.next().await,
            requests,
            foreign,
            channel,
        }
    }

    fn answer(&self, frame: &str) -> Record {
        let id = self.request.get("kafka_correlationId").unwrap();
        Record::to(self.request.text("kafka_replyTopic"))
            .partition(0)
            .header("kafka_correlationId", id)
            .header("rpc-frame", frame)
    }

    async fn says(&self, record: Record) {
        self.foreign.write(record).await;
    }

    async fn begins(&self) {
        self.says(self.answer("response")).await;
    }

    async fn sends(&self, number: u64) {
        let message = self.answer("message").message(&Number::new(number));
        self.says(message.header("rpc-seq", number.to_string()))
            .await;
    }

    /// The caller has no more use for the stream.
    async fn is_told_to_stop(&mut self) {
        loop {
            let frame = self.requests.next().await;
            assert_eq!(
                frame.get("kafka_correlationId"),
                self.request.get("kafka_correlationId")
            );
            match &*frame.text("rpc-frame") {
                "credit" => {}
                "cancel" => return,
                other => panic!("{other:?} is no cancel"),
            }
        }
    }
}

async fn begun(call: Counting) -> Streaming<Number> {
    let response = soon("the stream begins", call).await.unwrap();
    response.unwrap().into_inner()
}

/// The status behind so many messages.
async fn status_behind(messages: u64, numbers: &mut Streaming<Number>) -> Status {
    for number in 1..=messages {
        let message = soon("a message comes", numbers.message()).await.unwrap();
        assert_eq!(message.unwrap().value, number);
    }
    let status = soon("it ends", numbers.message()).await.unwrap_err();
    let behind = soon("nothing is behind", numbers.message()).await;
    assert_eq!(behind.unwrap(), None);
    status
}

#[tokio::test]
async fn a_unary_call_that_is_answered_with_a_frame_of_a_stream_is_internal() {
    for frame in ["response", "message", "status", "credit", "moved"] {
        let world = World::with_partitions(1);
        let channel = world.channel().await;
        channel.prepare(<DeskClient>::DESCRIPTOR).await.unwrap();
        let mut desk = DeskClient::new(channel.clone());
        let call = tokio::spawn(async move { desk.ask(Order::number(1)).await });
        let impostor = Impostor::at(&world, &world.name("tests.v1.Desk.Ask"), channel).await;
        let answer = impostor
            .answer(frame)
            .header("rpc-seq", "1")
            .header("rpc-credit", "1 1");
        impostor.says(answer).await;
        let status = soon("the call ends", call).await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::Internal, "{frame}: {status}");
    }
}

#[tokio::test]
async fn a_method_that_answers_with_one_message_and_is_answered_with_a_stream_is_internal() {
    let world = World::with_partitions(1);
    let channel = world.channel().await;
    channel.prepare(<RelayClient>::DESCRIPTOR).await.unwrap();
    let mut relay = RelayClient::new(channel.clone());
    let call = tokio::spawn(async move { relay.sum(stream::pending()).await });
    let topic = world.name("tests.v1.Relay.Sum");
    let mut impostor = Impostor::at(&world, &topic, channel).await;
    impostor.begins().await;
    let status = soon("the call ends", call).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Internal, "{status}");
    impostor.is_told_to_stop().await;
}

#[tokio::test]
async fn a_gap_in_a_servers_stream_is_data_loss_behind_what_came_before() {
    let (mut impostor, call) = Impostor::asked().await;
    impostor.begins().await;
    for number in [1, 1, 2, 4] {
        impostor.sends(number).await;
    }
    let mut numbers = begun(call).await;
    let status = status_behind(2, &mut numbers).await;
    assert_eq!(status.code(), Code::DataLoss, "{status}");
    impostor.is_told_to_stop().await;
}

#[tokio::test]
async fn an_end_behind_a_gap_is_data_loss() {
    let (mut impostor, call) = Impostor::asked().await;
    impostor.begins().await;
    impostor.sends(1).await;
    let end = impostor.answer("status").header("rpc-seq", "3");
    impostor.says(end).await;
    let mut numbers = begun(call).await;
    let status = status_behind(1, &mut numbers).await;
    assert_eq!(status.code(), Code::DataLoss, "{status}");
    impostor.is_told_to_stop().await;
}

#[tokio::test]
async fn a_server_that_sends_more_than_its_credit_is_refused() {
    let builder = Channel::builder().stream_window(3, 1 << 20);
    let (mut impostor, call) = Impostor::asked_by(builder).await;
    assert_eq!(impostor.request.text("rpc-credit"), "3 1048576");
    // Before it begins, so that nothing is read meanwhile.
    for number in 1..=4 {
        impostor.sends(number).await;
    }
    let status = soon("the call ends", call).await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    impostor.is_told_to_stop().await;
}

#[tokio::test]
async fn a_server_that_goes_silent_is_gone_after_the_streams_timeout() {
    let timeout = Duration::from_secs(5);
    let builder = Channel::builder().stream_timeout(timeout);
    let (mut impostor, call) = Impostor::asked_by(builder).await;
    impostor.begins().await;
    let mut numbers = begun(call).await;
    impostor.sends(1).await;
    let message = soon("a message comes", numbers.message()).await.unwrap();
    assert_eq!(message.unwrap().value, 1);
    let last = Instant::now();
    let status = soon("it ends", numbers.message()).await.unwrap_err();
    let after = last.elapsed();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    // It was heard of a little before the caller had its message.
    let expected = timeout - Duration::from_millis(500)..timeout + Duration::from_secs(1);
    assert!(expected.contains(&after), "{after:?}");
    impostor.is_told_to_stop().await;
}

#[tokio::test]
async fn a_stream_that_begins_twice_is_lost() {
    let (mut impostor, call) = Impostor::asked().await;
    impostor.begins().await;
    impostor.sends(1).await;
    impostor.begins().await;
    let mut numbers = begun(call).await;
    let status = status_behind(1, &mut numbers).await;
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    impostor.is_told_to_stop().await;
}

#[tokio::test]
async fn a_stream_whose_server_says_that_it_moved_is_lost() {
    let (impostor, call) = Impostor::asked().await;
    impostor.begins().await;
    impostor.sends(1).await;
    impostor.says(impostor.answer("moved")).await;
    let mut numbers = begun(call).await;
    let status = status_behind(1, &mut numbers).await;
    assert_eq!(status.code(), Code::Unavailable, "{status}");
}

#[tokio::test]
async fn a_status_without_a_frame_ends_a_stream_that_has_begun() {
    let (impostor, call) = Impostor::asked().await;
    impostor.begins().await;
    impostor.sends(1).await;
    let end = impostor.answer("").without("rpc-frame");
    impostor.says(end.header("grpc-status", "7")).await;
    let mut numbers = begun(call).await;
    let status = status_behind(1, &mut numbers).await;
    assert_eq!(status.code(), Code::PermissionDenied, "{status}");
}

#[tokio::test]
async fn a_frame_that_can_not_be_read_is_internal() {
    let frames: [(&str, &[(&str, &str)]); 5] = [
        ("message", &[]),
        ("message", &[("rpc-seq", "two")]),
        ("half-close", &[("rpc-seq", "2")]),
        ("credit", &[("rpc-credit", "1")]),
        ("status", &[]),
    ];
    for (frame, headers) in frames {
        let (impostor, call) = Impostor::asked().await;
        impostor.begins().await;
        impostor.sends(1).await;
        let bad = headers
            .iter()
            .fold(impostor.answer(frame), |record, (name, value)| {
                record.header(*name, *value)
            });
        impostor.says(bad).await;
        let mut numbers = begun(call).await;
        let status = status_behind(1, &mut numbers).await;
        assert_eq!(status.code(), Code::Internal, "{frame}: {status}");
    }
}

#[tokio::test]
async fn a_message_that_is_none_of_the_method_is_internal() {
    let (mut impostor, call) = Impostor::asked().await;
    impostor.begins().await;
    let bad = impostor.answer("message").header("rpc-seq", "1");
    impostor.says(bad.value([0xff, 0xff])).await;
    let mut numbers = begun(call).await;
    let status = status_behind(0, &mut numbers).await;
    assert_eq!(status.code(), Code::Internal, "{status}");
    drop(numbers);
    impostor.is_told_to_stop().await;
}

#[tokio::test]
async fn a_bare_reply_within_a_stream_ends_it_and_harms_no_other_call() {
    let (mut impostor, call) = Impostor::asked().await;
    impostor.begins().await;
    let mut numbers = soon("it begins", call).await.unwrap().unwrap().into_inner();
    let id = impostor.request.get("kafka_correlationId").unwrap();
    let bare = Record::to(impostor.request.text("kafka_replyTopic"))
        .partition(0)
        .header("kafka_correlationId", id)
        .message(&Number::new(1));
    impostor.says(bare).await;
    let status = soon("it ends", numbers.message()).await.unwrap_err();
    assert_eq!(status.code(), Code::Internal, "{status}");
    impostor.is_told_to_stop().await;

    // The channel reads on.
    let mut relay = RelayClient::new(impostor.channel.clone());
    let next = tokio::spawn(async move { relay.count(ask(1)).await });
    impostor.request = impostor.requests.next().await;
    impostor.begins().await;
    soon("the next begins", next).await.unwrap().unwrap();
}

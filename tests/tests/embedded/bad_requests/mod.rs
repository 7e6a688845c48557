//! A request that can't be handled is refused with a status where it has a reply address, else
//! stepped past; what comes behind it is handled in either case.

mod bodies;
mod headers;
mod reply_addresses;

use kafka_rpc::{Code, Request, ServerBuilder};
use kafka_rpc_tests::foreign::{Foreign, Record, Replies};
use kafka_rpc_tests::service::{Order, Scripted, receipt};
use kafka_rpc_tests::world::{Serving, World, desk};
use kafka_rpc_tests::{Sightings, sightings};

/// The number of all orders that must not be handled.
const BAD: u32 = 666;

/// A desk, and a client of another make that writes to the one partition of `Ask`.
struct Probe {
    world: World,
    foreign: Foreign,
    topic: String,
    replies: Replies,
    handled: Sightings<u32>,
    written: u32,
    _server: Serving,
}

impl Probe {
    async fn start() -> Self {
        Self::with(|builder| builder).await
    }

    async fn with(settings: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Self {
        let world = World::with_partitions(1);
        let (seen, handled) = sightings();
        let script = Scripted::new(move |request: Request<Order>| {
            seen.tell(request.get_ref().number);
            async { Ok(receipt(request.into_inner())) }
        });
        let server = world.serve(settings(desk(script))).await;
        let foreign = Foreign::new(world.cluster());
        let topic = world.name("tests.v1.Desk.Ask");
        Self {
            replies: foreign.read(&format!("{topic}.reply")),
            world,
            foreign,
            topic,
            handled,
            written: 0,
            _server: server,
        }
    }

    /// A request that would be well but for its number.
    fn request(&self) -> Record {
        self.anonymous().header("kafka_correlationId", "bad")
    }

    /// As [`request`](Self::request), without a correlation id.
    fn anonymous(&self) -> Record {
        Record::request(&self.topic, "bad", &Order::number(BAD)).without("kafka_correlationId")
    }

    /// Writes a request and a good one behind it; what is answered before the good one.
    async fn answers(&mut self, request: Record) -> Vec<Record> {
        self.foreign.write(request).await;
        self.written += 2;
        let number = self.written;
        let good = Record::request(&self.topic, "good", &Order::number(number));
        self.foreign.write(good).await;
        let mut answers = Vec::new();
        loop {
            let reply = self.replies.next().await;
            if reply.text("kafka_correlationId") == "good" {
                assert_eq!(reply.get("grpc-status"), None, "{reply:?}");
                break;
            }
            answers.push(reply);
        }
        assert_eq!(
            self.handled.so_far(),
            [number],
            "only the good request is handled"
        );
        answers
    }

    /// The request is refused with this code, and a message that says so.
    async fn refuses(&mut self, request: Record, code: Code, says: &str) {
        let shown = format!("{request:?}");
        let answers = self.answers(request).await;
        let [answer] = &answers[..] else {
            panic!("one refusal of {shown}, not {answers:?}");
        };
        assert_eq!(answer.text("kafka_correlationId"), "bad");
        assert_eq!(
            answer.text("grpc-status"),
            (code as i32).to_string(),
            "{answer:?}"
        );
        let message = answer.text("grpc-message");
        assert!(message.contains(says), "{message:?} does not say {says:?}");
        assert_eq!(answer.value.as_deref().unwrap_or_default(), b"");
        self.all_is_finished().await;
    }

    /// The request is not answered.
    async fn steps_past(&mut self, request: Record) {
        let answers = self.answers(request.clone()).await;
        assert_eq!(answers, [], "answers to {request:?}");
        self.all_is_finished().await;
    }

    /// Nothing is left for another server.
    async fn all_is_finished(&self) {
        let group = self.foreign.group(&self.world.name("tests.v1.Desk"));
        let end = i64::from(self.written);
        let what = "all records are finished";
        group
            .reaches(&self.topic, 0, what, |at| at.offset == end)
            .await;
    }
}

#[tokio::test]
async fn a_storm_of_bad_requests_does_not_keep_good_ones_waiting() {
    let mut probe = Probe::start().await;
    for number in 0..200 {
        let mut bad = probe.request().header("grpc-timeout", "never");
        if number % 2 == 0 {
            bad = bad.without("kafka_replyTopic");
        }
        probe.foreign.write(bad).await;
    }
    probe.written += 200;
    let answers = probe.answers(probe.anonymous()).await;
    assert_eq!(answers.len(), 100);
    probe.all_is_finished().await;
}

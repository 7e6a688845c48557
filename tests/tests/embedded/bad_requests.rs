//! A request that can't be handled is refused with a status where it has a reply address, else
//! stepped past; what comes behind it is handled in either case.

use std::time::Duration;

use kafka_rpc::{Code, Request, ServerBuilder, TopicSettings};
use kafka_rpc_tests::foreign::{Foreign, Record, Replies};
use kafka_rpc_tests::service::{Order, Scripted, receipt};
use kafka_rpc_tests::world::{Serving, World, desk};
use kafka_rpc_tests::{Sightings, sightings, soon};

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
        let topics = TopicSettings::new().partitions(1).reply_partitions(1);
        let world = World::embedded().with(|cluster| cluster.topics(topics));
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
                assert_eq!(reply.text("grpc-status"), "0", "{reply:?}");
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
        soon("all records are finished", async {
            loop {
                let committed = group.committed(&self.topic, 0).await;
                if committed.is_some_and(|at| at.offset == i64::from(self.written)) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }
}

#[tokio::test]
async fn a_body_that_is_not_the_message_is_an_invalid_argument() {
    let mut probe = Probe::start().await;
    let request = probe.request().value([0xff, 0xff, 0xff]);
    probe
        .refuses(request, Code::InvalidArgument, "the request is not a valid")
        .await;
}

#[tokio::test]
async fn a_null_value_is_an_empty_message() {
    let mut probe = Probe::start().await;
    let mut request = probe.request();
    request.value = None;
    probe.foreign.write(request).await;
    let reply = probe.replies.next().await;
    assert_eq!(reply.text("grpc-status"), "0");
    assert_eq!(probe.handled.next("it is handled").await, 0);
}

#[tokio::test]
async fn an_unknown_method_is_unimplemented() {
    let mut probe = Probe::start().await;
    for method in [
        "tests.v1.Desk/Fly",
        "tests.v2.Desk/Ask",
        "Ask",
        "",
        "tests.v1.Desk/Place",
    ] {
        let request = probe.request().header("rpc-method", method);
        let says = format!("{method} is no method that topic {} serves", probe.topic);
        let says = says.trim_start().to_owned();
        probe.refuses(request, Code::Unimplemented, &says).await;
    }
}

#[tokio::test]
async fn a_method_whose_name_is_no_text_is_an_invalid_argument() {
    let mut probe = Probe::start().await;
    let request = probe.request().header("rpc-method", [0xff, 0]);
    probe
        .refuses(request, Code::InvalidArgument, "`rpc-method`")
        .await;
}

#[tokio::test]
async fn a_malformed_timeout_is_an_invalid_argument() {
    let mut probe = Probe::start().await;
    for timeout in ["5days", "S", "", "-5S", "123456789S", "5 S", "5s"] {
        let request = probe.request().header("grpc-timeout", timeout);
        probe
            .refuses(request, Code::InvalidArgument, "`grpc-timeout`")
            .await;
    }
}

#[tokio::test]
async fn an_unknown_content_type_is_an_invalid_argument() {
    let mut probe = Probe::start().await;
    for content_type in ["text/plain", "", "application/avro"] {
        let request = probe.request().header("content-type", content_type);
        probe
            .refuses(request, Code::InvalidArgument, "`content-type`")
            .await;
    }
}

#[tokio::test]
async fn json_is_unimplemented_where_it_is_not_enabled() {
    let mut probe = Probe::start().await;
    let request = probe.request().header("content-type", "application/json");
    probe
        .refuses(
            request.value("{}"),
            Code::Unimplemented,
            "JSON is not enabled",
        )
        .await;
}

#[tokio::test]
async fn an_unknown_frame_is_an_invalid_argument() {
    let mut probe = Probe::start().await;
    let request = probe.request().header("rpc-frame", "half-close");
    probe
        .refuses(request, Code::InvalidArgument, "`rpc-frame`")
        .await;
}

#[tokio::test]
async fn a_header_of_the_contract_that_comes_twice_is_an_invalid_argument() {
    let mut probe = Probe::start().await;
    let headers = [
        ("rpc-method", "tests.v1.Desk/Ask"),
        ("grpc-timeout", "5S"),
        ("content-type", "application/protobuf"),
        ("rpc-frame", "cancel"),
    ];
    for (name, value) in headers {
        let request = probe.request().header(name, value).header(name, value);
        let says = format!("`{name}` comes more than once");
        probe.refuses(request, Code::InvalidArgument, &says).await;
    }
}

#[tokio::test]
async fn a_header_of_the_contract_whose_value_is_null_is_as_an_empty_one() {
    let mut probe = Probe::start().await;
    let request = probe.request().null_header("grpc-timeout");
    probe
        .refuses(request, Code::InvalidArgument, "`grpc-timeout`")
        .await;
    let request = probe.anonymous().null_header("kafka_correlationId");
    probe.steps_past(request).await;
}

#[tokio::test]
async fn more_than_64_headers_are_refused() {
    let mut probe = Probe::start().await;
    let full = |record: Record, count: usize| {
        let names = record.headers.len()..count;
        names.fold(record, |record, n| record.header(format!("h{n}"), "v"))
    };
    let good = full(probe.request().message(&Order::number(1)), 64);
    probe.foreign.write(good).await;
    assert_eq!(probe.replies.next().await.text("grpc-status"), "0");
    assert_eq!(probe.handled.next("64 headers are handled").await, 1);
    probe.written += 1;
    let bad = full(probe.request(), 65);
    probe
        .refuses(
            bad,
            Code::ResourceExhausted,
            "65 headers are over the limit of 64",
        )
        .await;
}

#[tokio::test]
async fn more_than_16_kib_of_headers_are_refused() {
    let mut probe = Probe::start().await;
    let bad = probe.request().header("x-report", vec![b'x'; 16 * 1024]);
    probe
        .refuses(bad, Code::ResourceExhausted, "x-report")
        .await;
    let many = (0..30).fold(probe.request(), |record, n| {
        record.header(format!("h{n}"), vec![b'x'; 600])
    });
    probe
        .refuses(many, Code::ResourceExhausted, "over the limit of 16384")
        .await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_and_one_at_the_limit_handled() {
    let mut probe = Probe::with(|builder| builder.message_limit(1000)).await;
    let order = |number, payload: usize| Order {
        number,
        ..Order::large(payload)
    };
    // Two bytes of number and its tag, three of the payload's tag and length.
    let good = Record::request(&probe.topic, "bad", &order(1, 995));
    assert_eq!(good.value.as_ref().unwrap().len(), 1000);
    probe.foreign.write(good).await;
    assert_eq!(probe.replies.next().await.text("grpc-status"), "0");
    assert_eq!(probe.handled.next("1000 bytes are handled").await, 1);
    probe.written += 1;
    let bad = Record::request(&probe.topic, "bad", &order(1, 996));
    probe
        .refuses(bad, Code::ResourceExhausted, "1001 bytes")
        .await;
}

#[tokio::test]
async fn a_body_over_the_limit_of_a_mebibyte_is_refused() {
    let mut probe = Probe::start().await;
    let bad = probe.request().message(&Order::large(1024 * 1024));
    probe.refuses(bad, Code::ResourceExhausted, "1048576").await;
}

#[tokio::test]
async fn a_correlation_id_that_has_no_bytes_or_too_many_is_stepped_past() {
    let mut probe = Probe::start().await;
    for length in [0, 65, 1000] {
        let bad = probe
            .anonymous()
            .header("kafka_correlationId", vec![b'i'; length]);
        probe.steps_past(bad).await;
    }
    let twice = probe.request().header("kafka_correlationId", "bad");
    probe.steps_past(twice).await;
    let none = probe.anonymous();
    probe.steps_past(none).await;
}

#[tokio::test]
async fn a_reply_address_that_can_not_be_is_stepped_past() {
    let mut probe = Probe::start().await;
    let without = probe.request().without("kafka_replyTopic");
    let long = "t".repeat(250);
    let topics: [&[u8]; 5] = [b"", b"no spaces", b"..", &[0xff, 0xfe], long.as_bytes()];
    for topic in topics {
        probe
            .steps_past(without.clone().header("kafka_replyTopic", topic))
            .await;
    }
    let twice = format!("{}.reply", probe.topic);
    probe
        .steps_past(probe.request().header("kafka_replyTopic", twice))
        .await;
    let partitions: [&[u8]; 5] = [b"", b"-1", b"first", &[0xff; 4], &[0; 8]];
    for partition in partitions {
        probe
            .steps_past(probe.request().header("kafka_replyPartition", partition))
            .await;
    }
    // A partition of what?
    probe
        .steps_past(without.header("kafka_replyPartition", "0"))
        .await;
}

#[tokio::test]
async fn a_reply_topic_that_is_not_allowed_is_stepped_past_before_the_handler_runs() {
    let mut probe = Probe::start().await;
    let elsewhere = probe.world.name("tests.v1.Desk.Place.reply");
    let bad = probe
        .request()
        .without("kafka_replyTopic")
        .header("kafka_replyTopic", &*elsewhere);
    probe.steps_past(bad.clone()).await;
    // Nor is anything refused there.
    probe.steps_past(bad.header("grpc-timeout", "never")).await;
    let mut elsewhere = probe.foreign.read(&elsewhere);
    let good = Record::request(
        &probe.world.name("tests.v1.Desk.Place"),
        "good",
        &Order::number(1),
    );
    probe.foreign.write(good).await;
    assert_eq!(elsewhere.next().await.text("kafka_correlationId"), "good");
}

#[tokio::test]
async fn a_reply_topic_on_the_servers_list_is_allowed() {
    let world = World::embedded();
    let elsewhere = world.name("tests.v1.Desk.Place.reply");
    let builder = desk(Scripted::echo()).allow_reply_topic(&elsewhere);
    let _server = world.serve(builder).await;
    let foreign = Foreign::new(world.cluster());
    let request = Record::request(
        &world.name("tests.v1.Desk.Ask"),
        "call-1",
        &Order::number(1),
    )
    .without("kafka_replyTopic")
    .header("kafka_replyTopic", &*elsewhere);
    foreign.write(request.clone()).await;
    // Refusals go there, too.
    foreign.write(request.header("grpc-timeout", "never")).await;
    let mut replies = foreign.read(&elsewhere);
    let mut statuses = [replies.next().await, replies.next().await].map(|r| r.text("grpc-status"));
    statuses.sort();
    assert_eq!(statuses, ["0", "3"]);
}

#[tokio::test]
async fn a_reply_partition_that_the_topic_does_not_have_blocks_nothing() {
    let mut probe = Probe::start().await;
    for partition in ["1", "4000"] {
        let number = probe.written + 1;
        let lost = probe.request().message(&Order::number(number));
        probe
            .foreign
            .write(lost.header("kafka_replyPartition", partition))
            .await;
        assert_eq!(probe.handled.next("it is handled").await, number);
        probe.written += 1;
        // And so for one that is refused.
        let bad = probe.request().header("kafka_replyPartition", partition);
        probe.steps_past(bad.header("grpc-timeout", "never")).await;
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

//! Requests in JSON are answered in protobuf's canonical JSON, where that is enabled.

use kafka_rpc::{Code, Request, Response, Server, ServerBuilder, Status};
use kafka_rpc_tests::foreign::{Foreign, Record, Replies};
use kafka_rpc_tests::service::{DeskServer, Scripted};
use kafka_rpc_tests::world::{Serving, World};
use kafka_rpc_tests::{Seen, Sightings, sightings};

use weather::{Reading, Sky, Weather, WeatherClient, WeatherServer};

/// A service from a `.proto`: only such a one can be called in JSON.
#[allow(unreachable_pub)]
mod weather {
    kafka_rpc::include_proto!("tests.v1");
}

struct Station(Seen<Reading>);

impl Weather for Station {
    async fn report(&self, request: Request<Reading>) -> Result<Response<Reading>, Status> {
        let mut reading = request.into_inner();
        self.0.tell(reading.clone());
        if reading.station.is_empty() {
            return Err(Status::not_found("which station?"));
        }
        reading.sequence += 1;
        Ok(Response::new(reading))
    }
}

/// A station that takes JSON, and a client of another make that calls it.
struct Probe {
    world: World,
    foreign: Foreign,
    topic: String,
    replies: Replies,
    handled: Sightings<Reading>,
    _server: Serving,
}

impl Probe {
    async fn start(settings: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Self {
        let world = World::embedded();
        let (seen, handled) = sightings();
        let builder = Server::builder().add_service(WeatherServer::new(Station(seen)));
        let server = world.serve(settings(builder.json(true))).await;
        let foreign = Foreign::new(world.cluster());
        let topic = world.name("tests.v1.Weather.Report");
        Self {
            replies: foreign.read(&format!("{topic}.reply")),
            world,
            foreign,
            topic,
            handled,
            _server: server,
        }
    }

    async fn call(&mut self, body: impl Into<Vec<u8>>) -> Record {
        let request = Record::request(&self.topic, "call", &())
            .header("content-type", "application/json")
            .value(body);
        self.foreign.write(request).await;
        self.replies.next().await
    }
}

#[track_caller]
fn assert_refused(reply: &Record, code: Code, says: &str) {
    assert_eq!(
        reply.text("grpc-status"),
        (code as i32).to_string(),
        "{reply:?}"
    );
    let message = reply.text("grpc-message");
    assert!(message.contains(says), "{message:?} does not say {says:?}");
    assert_eq!(reply.value.as_deref().unwrap_or_default(), b"");
}

#[tokio::test]
async fn a_request_in_json_is_answered_in_canonical_json() {
    let mut probe = Probe::start(|builder| builder).await;
    let body = r#"{
        "station": "Göteborg",
        "observed_at": "2026-03-01T12:00:00.250Z",
        "sequence": 9007199254740993,
        "celsius": -3.5,
        "sky": 2,
        "rawFrame": "AP_-",
        "counters": {"gusts": 4}
    }"#;
    let reply = probe.call(body).await;
    assert_eq!(reply.get("grpc-status"), None);
    assert_eq!(reply.text("content-type"), "application/json");
    let json: serde_json::Value = serde_json::from_slice(reply.value.as_deref().unwrap()).unwrap();
    let expected = serde_json::json!({
        "station": "Göteborg",
        "observedAt": "2026-03-01T12:00:00.250Z",
        "sequence": "9007199254740994",
        "celsius": -3.5,
        "sky": "SKY_OVERCAST",
        "rawFrame": "AP/+",
        "counters": {"gusts": 4}
    });
    assert_eq!(json, expected);

    let reading = probe.handled.next("the handler sees protobuf").await;
    assert_eq!(reading.station, "Göteborg");
    assert_eq!(reading.sequence, 9_007_199_254_740_993);
    assert_eq!(reading.sky(), Sky::Overcast);
    assert_eq!(reading.raw_frame, [0, 255, 254]);
    assert_eq!(reading.observed_at.unwrap().nanos, 250_000_000);
}

#[tokio::test]
async fn a_call_in_json_that_fails_has_its_status_in_headers() {
    let mut probe = Probe::start(|builder| builder).await;
    let reply = probe.call("{}").await;
    assert_refused(&reply, Code::NotFound, "which station?");
}

#[tokio::test]
async fn what_is_no_json_of_the_request_is_an_invalid_argument() {
    let mut probe = Probe::start(|builder| builder).await;
    let bodies: [&[u8]; 9] = [
        b"",
        b"{",
        b"null",
        b"[]",
        br#"{"station": 7}"#,
        br#"{"sequence": 1e40}"#,
        br#"{"sky": "SKY_PINK"}"#,
        br#"{"temperature": 3}"#,
        b"{} {}",
    ];
    for body in bodies {
        let reply = probe.call(body).await;
        assert_refused(
            &reply,
            Code::InvalidArgument,
            "not a valid tests.v1.Reading in JSON",
        );
    }
    assert_eq!(probe.handled.so_far(), []);
    let reply = probe.call(r#"{"station": "Kiel"}"#).await;
    assert_eq!(reply.get("grpc-status"), None);
}

#[tokio::test]
async fn a_reply_that_is_too_large_in_json_is_refused() {
    let body = |size: usize| {
        let frame = "AAAA".repeat(size);
        format!(r#"{{"station":"Kiel","rawFrame":"{frame}"}}"#)
    };
    // The reply has a sequence number more than the request, `,"sequence":"1"`; in protobuf it is
    // well below the limit.
    let limit = body(200).len() + 10;
    let mut probe = Probe::start(|builder| builder.message_limit(limit)).await;
    let reply = probe.call(body(190)).await;
    assert_eq!(reply.get("grpc-status"), None);
    let reply = probe.call(body(200)).await;
    assert_refused(
        &reply,
        Code::ResourceExhausted,
        "the reply in JSON is over the limit",
    );
}

#[tokio::test]
async fn the_same_server_takes_protobuf() {
    let probe = Probe::start(|builder| builder).await;
    let mut weather = WeatherClient::new(probe.world.channel().await);
    let reading = Reading {
        station: "Kiel".to_owned(),
        sequence: 1,
        ..Reading::default()
    };
    assert_eq!(weather.report(reading).await.unwrap().get_ref().sequence, 2);
}

#[tokio::test]
async fn a_service_that_was_defined_in_code_is_unimplemented_in_json() {
    let service = DeskServer::new(Scripted::echo());
    let probe = Probe::start(|builder| builder.add_service(service)).await;
    let topic = probe.world.name("tests.v1.Desk.Ask");
    let request = Record::request(&topic, "call", &())
        .header("content-type", "application/json")
        .value("{}");
    probe.foreign.write(request).await;
    let reply = probe.foreign.read(&format!("{topic}.reply")).next().await;
    assert_refused(
        &reply,
        Code::Unimplemented,
        "its service was defined in code",
    );
}

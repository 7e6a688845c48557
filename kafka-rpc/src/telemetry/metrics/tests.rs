use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use metrics_util::MetricKind;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};

use super::catalogue::{Kind, METRICS};
use super::*;
use crate::call::Code;
use crate::descriptor::{Method, MethodDescriptor, ServiceDescriptor};

/// A value with its labels, `name=value`, in order.
type Recorded = (BTreeSet<String>, DebugValue);

/// What is recorded while something runs, by name.
fn recorded(run: impl FnOnce()) -> BTreeMap<(Kind, String), Vec<Recorded>> {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, run);
    let mut by_name = BTreeMap::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let kind = match key.kind() {
            MetricKind::Counter => Kind::Counter,
            MetricKind::Gauge => Kind::Gauge,
            MetricKind::Histogram => Kind::Histogram,
        };
        let labels = key.key().labels();
        let labels = labels.map(|label| format!("{}={}", label.key(), label.value()));
        let values: &mut Vec<Recorded> = by_name
            .entry((kind, key.key().name().to_owned()))
            .or_default();
        values.push((labels.collect(), value));
    }
    by_name
}

fn counted(found: &BTreeMap<(Kind, String), Vec<Recorded>>, name: &str) -> u64 {
    let values = found.get(&(Kind::Counter, name.to_owned()));
    match values.map(Vec::as_slice) {
        Some([(_, DebugValue::Counter(count))]) => *count,
        other => panic!("{name}: {other:?}"),
    }
}

fn gauge(found: &BTreeMap<(Kind, String), Vec<Recorded>>, name: &str) -> f64 {
    let values = found.get(&(Kind::Gauge, name.to_owned()));
    match values.map(Vec::as_slice) {
        Some([(_, DebugValue::Gauge(value))]) => value.into_inner(),
        other => panic!("{name}: {other:?}"),
    }
}

/// How many durations there are, by status code.
fn by_code(found: &BTreeMap<(Kind, String), Vec<Recorded>>, name: &str) -> Vec<(String, usize)> {
    let code = |labels: &BTreeSet<String>| {
        let label = labels
            .iter()
            .find_map(|label| label.strip_prefix("rpc.status_code="));
        label
            .unwrap_or_else(|| panic!("no code in {labels:?}"))
            .to_owned()
    };
    let mut found: Vec<(String, usize)> = found[&(Kind::Histogram, name.to_owned())]
        .iter()
        .map(|(labels, value)| match value {
            DebugValue::Histogram(values) => (code(labels), values.len()),
            other => panic!("{name}: {other:?}"),
        })
        .collect();
    found.sort();
    found
}

/// A method that no other test has: metrics stay with the recorder that they were first made under.
macro_rules! method {
    ($path:literal) => {{
        static SERVICE: ServiceDescriptor =
            ServiceDescriptor::new("demo.Echo", &[MethodDescriptor::new("Say", $path)]);
        Method::new(&SERVICE, 0).unwrap()
    }};
}

#[test]
fn a_call_is_pending_until_it_ends_and_then_counted_under_its_code() {
    let method = method!("demo.Echo/pending");
    let found = recorded(|| {
        let metrics = ClientMetrics::of(method);
        let still_pending = metrics.begin(std::time::Instant::now());
        metrics.begin(std::time::Instant::now()).end(Code::Ok);
        metrics.begin(std::time::Instant::now()).end(Code::Ok);
        metrics.begin(std::time::Instant::now()).end(Code::NotFound);
        std::mem::forget(still_pending);
    });
    assert_eq!(gauge(&found, "kafka_rpc.client.pending_calls"), 1.0);
    assert_eq!(
        by_code(&found, "rpc.client.call.duration"),
        [("NOT_FOUND".to_owned(), 1), ("OK".to_owned(), 2)]
    );
    assert_eq!(counted(&found, "kafka_rpc.client.cancelled_calls"), 0);
}

#[test]
fn a_dropped_call_is_counted_as_cancelled() {
    let method = method!("demo.Echo/dropped");
    let found = recorded(|| drop(ClientMetrics::of(method).begin(std::time::Instant::now())));
    assert_eq!(gauge(&found, "kafka_rpc.client.pending_calls"), 0.0);
    assert_eq!(counted(&found, "kafka_rpc.client.cancelled_calls"), 1);
    assert_eq!(
        by_code(&found, "rpc.client.call.duration"),
        [("CANCELLED".to_owned(), 1)]
    );
}

#[test]
fn a_handler_is_active_until_it_is_dropped() {
    let method = method!("demo.Echo/active");
    let found = recorded(|| {
        let metrics = ServerMetrics::of(method);
        let running = metrics.start(std::time::Instant::now(), Duration::from_millis(250));
        drop(metrics.start(std::time::Instant::now(), Duration::ZERO));
        std::mem::forget(running);
    });
    assert_eq!(gauge(&found, "kafka_rpc.server.active_handlers"), 1.0);
    let values = |name: &str| match &found[&(Kind::Histogram, name.to_owned())][..] {
        [(_, DebugValue::Histogram(values))] => values
            .iter()
            .map(|value| value.into_inner())
            .collect::<Vec<_>>(),
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(values("kafka_rpc.server.queue.duration"), [0.25, 0.0]);
    assert_eq!(values("kafka_rpc.server.handler.duration").len(), 1);
}

#[test]
fn an_error_is_labelled_as_one_where_it_is_the_servers() {
    let method = method!("demo.Echo/error");
    let found = recorded(|| {
        let metrics = ServerMetrics::of(method);
        metrics.end(Code::NotFound, Duration::from_millis(1));
        metrics.end(Code::Internal, Duration::from_millis(1));
    });
    let durations = &found[&(Kind::Histogram, "rpc.server.call.duration".to_owned())];
    let of = |code: &str| {
        let code = format!("rpc.status_code={code}");
        let (labels, _) = durations
            .iter()
            .find(|(labels, _)| labels.contains(&code))
            .unwrap();
        labels
            .iter()
            .find(|label| label.starts_with("error.type"))
            .cloned()
    };
    assert_eq!(of("NOT_FOUND"), None);
    assert_eq!(of("INTERNAL").as_deref(), Some("error.type=INTERNAL"));
}

#[test]
fn lag_is_told_until_the_partition_is_given_up() {
    let lag_of = |run: fn(PartitionLag)| {
        let found = recorded(|| run(PartitionLag::of("orders", "shop.v1.Orders", 3)));
        gauge(&found, "kafka_rpc.server.lag")
    };
    let told = |lag: PartitionLag| {
        lag.set(12);
        std::mem::forget(lag);
    };
    assert_eq!(lag_of(told), 12.0);
    assert_eq!(lag_of(|lag| lag.set(12)), 0.0);
    let below_nothing = |lag: PartitionLag| {
        lag.set(-1);
        std::mem::forget(lag);
    };
    assert_eq!(lag_of(below_nothing), 0.0);
}

#[test]
fn the_metrics_of_a_method_are_made_once() {
    let method = method!("demo.Echo/once");
    assert!(std::ptr::eq(
        ClientMetrics::of(method),
        ClientMetrics::of(method)
    ));
    assert!(std::ptr::eq(
        ServerMetrics::of(method),
        ServerMetrics::of(method)
    ));
    assert!(!std::ptr::eq(
        ClientMetrics::of(method),
        ClientMetrics::of(method!("demo.Echo/other"))
    ));
}

/// A row of the table in the documentation.
struct Row {
    kind: Kind,
    name: &'static str,
    unit: &'static str,
    labels: BTreeSet<String>,
    meaning: String,
}

fn documented() -> Vec<Row> {
    let page = include_str!("../mod.rs");
    let table = page
        .split_once("//! | Metric |")
        .expect("the table of metrics")
        .1;
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with("//! |"));
    rows.map(|line| {
        let cells: Vec<&'static str> = line
            .split('|')
            .map(|cell| cell.trim_matches([' ', '`']))
            .collect();
        let [_, name, kind, unit, labels, meaning, _] = cells[..] else {
            panic!("not a row of five cells: {line}");
        };
        let labels = labels.split("`, `").filter(|label| !label.is_empty());
        Row {
            kind: match kind {
                "counter" => Kind::Counter,
                "gauge" => Kind::Gauge,
                "histogram" => Kind::Histogram,
                other => panic!("no kind of metric: {other}"),
            },
            name,
            unit,
            labels: labels.map(str::to_owned).collect(),
            meaning: meaning.replace('`', ""),
        }
    })
    .collect()
}

#[test]
fn the_documentation_lists_every_metric_as_it_is_described() {
    let rows = documented();
    let documented = rows
        .iter()
        .map(|row| (row.name, row.kind, row.unit, row.meaning.as_str()));
    let described = METRICS.iter().map(|metric| {
        let unit = match metric.unit {
            metrics::Unit::Seconds => "s",
            _ => "1",
        };
        (metric.name, metric.kind, unit, metric.description)
    });
    assert_eq!(
        documented.collect::<Vec<_>>(),
        described.collect::<Vec<_>>()
    );
}

/// What the functions and handles of this module record.
fn recorded_here(method: Method) -> BTreeMap<(Kind, String), Vec<Recorded>> {
    recorded(|| {
        ClientMetrics::of(method)
            .begin(std::time::Instant::now())
            .end(Code::Internal);
        let server = ServerMetrics::of(method);
        drop(server.start(std::time::Instant::now(), Duration::ZERO));
        server.end(Code::Internal, Duration::ZERO);
        server.expired();
        server.cancelled();
        refused_request(Refused::Malformed, true);
        repeated_record();
        orphaned_replies(2);
        commit_failed();
        handler_panicked();
        reply_retried();
        reply_lost();
        redelivered();
        deduplicated("demo.Echo/Say");
        deduplication_failed("find");
        record_evicted();
        dead_letter("shop.v1.Orders", crate::wire::LetterCause::Refused);
        dead_letter_retried();
        cancel_lost();
        call_repeated(method, false);
        call_repeated(method, true);
        repeat_held_back(method);
        request_resent();
        drain_timed_out();
        server_stream_opened();
        server_stream_closed();
        stray_frame();
        broken_stream();
        silent_caller();
        client_stream_opened();
        client_stream_closed();
        stream_lost();
        stream_resumed();
        drop(PartitionLag::of("orders", "shop.v1.Orders", 3));
    })
}

#[test]
fn what_is_recorded_has_the_kind_and_the_labels_of_the_documentation() {
    let rows = documented();
    for ((kind, name), values) in recorded_here(method!("demo.Echo/labels")) {
        let row = rows.iter().find(|row| row.name == name);
        let row = row.unwrap_or_else(|| panic!("{name} is not documented"));
        assert_eq!(row.kind, kind, "{name}");
        let labels = values[0].0.iter().filter_map(|label| label.split_once('='));
        let labels: BTreeSet<String> = labels.map(|(label, _)| label.to_owned()).collect();
        assert_eq!(labels, row.labels, "{name}");
    }
}

#[test]
fn every_metric_that_is_recorded_is_described_and_the_other_way_round() {
    let here = recorded_here(method!("demo.Echo/described"));
    let mut all: BTreeSet<(Kind, String)> = here.into_keys().collect();
    let mut source = String::new();
    read_all(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut source,
    );
    for (kind, call) in [
        (Kind::Counter, "counter!("),
        (Kind::Gauge, "gauge!("),
        (Kind::Histogram, "histogram!("),
    ] {
        for rest in source.split(call).skip(1) {
            if let Some(literal) = rest.trim_start().strip_prefix('"') {
                let name = literal.split('"').next().unwrap_or_default();
                all.insert((kind, name.to_owned()));
            }
        }
    }
    let described = METRICS
        .iter()
        .map(|metric| (metric.kind, metric.name.to_owned()));
    assert_eq!(all, described.collect());
}

#[test]
fn what_is_counted_by_number_is_counted_so() {
    let found = recorded(|| {
        orphaned_replies(2);
        orphaned_replies(3);
        repeated_record();
    });
    assert_eq!(counted(&found, "kafka_rpc.client.orphaned_replies"), 5);
    assert_eq!(counted(&found, "kafka_rpc.server.repeated_records"), 1);
}

/// All of the source but the tests, which name metrics for other reasons.
fn read_all(folder: &Path, source: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, source);
        } else if path.file_name().is_some_and(|name| name != "tests.rs") {
            source.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_metric_is_described_with_its_unit_once_a_recorder_is_there() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        describe_metrics();
        metrics::counter!("kafka_rpc.inbox.errors").increment(1);
        metrics::histogram!("rpc.server.call.duration").record(0.1);
    });
    let described: Vec<_> = snapshotter
        .snapshot()
        .into_vec()
        .into_iter()
        .map(|(key, unit, text, _)| (key.key().name().to_owned(), unit, text.unwrap().to_string()))
        .collect();
    assert_eq!(
        described,
        [
            (
                "kafka_rpc.inbox.errors".to_owned(),
                Some(metrics::Unit::Count),
                "Failed attempts to read replies".to_owned(),
            ),
            (
                "rpc.server.call.duration".to_owned(),
                Some(metrics::Unit::Seconds),
                "Time from the arrival of a request to its reply".to_owned(),
            ),
        ]
    );
}

//! The program as a user runs it.

use std::fs;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use kafka_rpc_tests::{kafka, require_java, within};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use serde_json::Value;

fn compare(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kafka-rpc-bench"));
    command.args([
        "compare",
        "--rounds",
        "1",
        "--seconds",
        "1",
        "--broker-warm-up",
        "1",
    ]);
    command.args(arguments);
    command
}

/// The rows of its JSON file, and what it printed.
fn rows(arguments: &[&str]) -> (Vec<Value>, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.json");
    let output = compare(arguments)
        .arg("--json")
        .arg(&file)
        .output()
        .unwrap();
    assert_succeeded(&output);
    let mut document: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let Value::Array(rows) = document["rows"].take() else {
        panic!("no rows: {document}");
    };
    (rows, String::from_utf8(output.stdout).unwrap())
}

fn assert_succeeded(output: &Output) {
    let Output {
        status,
        stdout,
        stderr,
    } = output;
    let (stdout, stderr) = (
        String::from_utf8_lossy(stdout),
        String::from_utf8_lossy(stderr),
    );
    assert!(status.success(), "{status}\n{stdout}\n{stderr}");
    assert_eq!(stderr, "", "progress is for terminals");
}

fn assert_measured(row: &Value, table: &str) {
    let figure = |name: &str| {
        row[name]
            .as_f64()
            .unwrap_or_else(|| panic!("{name} of {row}"))
    };
    assert!(figure("rate_per_s") > 0.0, "{row}\n{table}");
    assert!(
        figure("p50_us") > 0.0 && figure("p50_us") <= figure("p99_us"),
        "{row}"
    );
    assert!(figure("p99_us") <= figure("p999_us"), "{row}");
    assert_eq!(row["errors"], 0, "{table}");
}

fn systems(rows: &[Value]) -> Vec<(&str, u64)> {
    rows.iter()
        .map(|row| {
            (
                row["system"].as_str().unwrap(),
                row["concurrency"].as_u64().unwrap(),
            )
        })
        .collect()
}

#[test]
fn all_systems_are_measured_on_a_named_kafka_and_leave_nothing_there() {
    require_java!();
    let brokers = kafka::shared().bootstrap();
    let (rows, table) = rows(&["--brokers", brokers, "--concurrency", "1,8"]);
    let names = ["floor", "contract", "kafka-rpc", "grpc"];
    let expected: Vec<_> = [1, 8]
        .iter()
        .flat_map(|&at| names.map(|name| (name, at)))
        .collect();
    assert_eq!(systems(&rows), expected);
    for row in &rows {
        assert_measured(row, &table);
        assert!(table.contains(row["system"].as_str().unwrap()), "{table}");
    }

    let client: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .create()
        .unwrap();
    let limit = Duration::from_secs(10);
    let left = || {
        let metadata = client.fetch_metadata(None, limit).unwrap();
        let groups = client.fetch_group_list(None, limit).unwrap();
        let topics = metadata
            .topics()
            .iter()
            .map(|topic| topic.name().to_owned());
        let groups = groups.groups().iter().map(|group| group.name().to_owned());
        topics
            .chain(groups)
            .filter(|name| name.starts_with("kafka-rpc-bench."))
            .collect::<Vec<_>>()
    };
    assert!(
        within(limit, || left().is_empty()),
        "left behind: {:?}",
        left()
    );
}

#[test]
fn keyed_calls_of_an_open_loop_go_to_several_servers() {
    require_java!();
    let brokers = kafka::shared().bootstrap();
    let (rows, table) = rows(&[
        "--brokers",
        brokers,
        "--systems",
        "floor,kafka-rpc,grpc",
        "--rate",
        "200",
        "--keys",
        "50",
        "--servers",
        "2",
        "--acks",
        "1",
        "--idempotence",
        "false",
    ]);
    assert_eq!(rows.len(), 3);
    for row in &rows {
        assert_measured(row, &table);
        let rate = row["rate_per_s"].as_f64().unwrap();
        // Three seconds of calls became due, with the warm-up's.
        assert!(rate <= 600.0, "no more calls than are due: {row}");
    }
}

#[test]
fn calls_go_round_over_many_methods() {
    require_java!();
    let brokers = kafka::shared().bootstrap();
    let (rows, table) = rows(&[
        "--brokers",
        brokers,
        "--concurrency",
        "8",
        "--methods",
        "12",
    ]);
    assert_eq!(rows.len(), 4);
    for row in &rows {
        assert_measured(row, &table);
    }
    assert!(table.contains("12 methods"), "{table}");
}

#[test]
fn a_kafka_is_booted_where_none_is_named() {
    require_java!();
    let (rows, table) = rows(&["--systems", "floor", "--concurrency", "4"]);
    assert_eq!(systems(&rows), [("floor", 4)]);
    assert_measured(&rows[0], &table);
    assert!(rows[0]["broker_cpu_us"].as_f64().unwrap() > 0.0, "{table}");
}

#[test]
fn grpc_alone_needs_no_kafka() {
    let (rows, table) = rows(&[
        "--systems",
        "grpc",
        "--concurrency",
        "2",
        "--brokers",
        "127.0.0.1:1",
    ]);
    assert_measured(&rows[0], &table);
}

#[test]
fn what_can_not_be_measured_is_refused_at_once() {
    let output = compare(&["--acks", "1"]).output().unwrap();
    assert!(!output.status.success());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("--idempotence false"), "{stderr}");
}

#[test]
#[cfg(target_os = "linux")]
fn its_processes_end_with_it_however_it_ends() {
    let mut command = compare(&["--systems", "grpc", "--warm-up", "60"]);
    let mut parent = command.stdout(Stdio::null()).spawn().unwrap();
    let mut children = Vec::new();
    let started = within(Duration::from_secs(30), || {
        children = children_of(parent.id());
        children.len() == 2
    });
    parent.kill().unwrap();
    parent.wait().unwrap();
    assert!(started, "a client and a server: {children:?}");
    let alive = || {
        children
            .iter()
            .any(|child| fs::exists(format!("/proc/{child}")).unwrap())
    };
    assert!(within(Duration::from_secs(10), || !alive()), "{children:?}");
}

#[cfg(target_os = "linux")]
fn children_of(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers
        .filter(|process: &u32| {
            let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
            let fields = stat
                .rsplit_once(')')
                .map(|(_, fields)| fields.split_whitespace());
            fields.and_then(|mut fields| fields.nth(1)) == Some(&parent.to_string())
        })
        .collect()
}

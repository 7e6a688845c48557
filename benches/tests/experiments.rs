//! The other commands, each as a user runs it, with little of everything.

use std::fs;
use std::path::Path;
use std::process::Command;

use kafka_rpc_tests::{kafka, require_java};
use serde_json::Value;

/// What it wrote as JSON, and what it printed.
fn run(command: &str, arguments: &[&str]) -> (Value, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("figures.json");
    let printed = print(
        command,
        &[arguments, &["--json", file.to_str().unwrap()]].concat(),
    );
    (json(&file), printed)
}

fn print(command: &str, arguments: &[&str]) -> String {
    let brokers = kafka::shared().bootstrap();
    let output = Command::new(env!("CARGO_BIN_EXE_kafka-rpc-bench"))
        .args([command, "--brokers", brokers])
        .args(arguments)
        .output()
        .unwrap();
    let [stdout, stderr] =
        [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    assert!(
        output.status.success(),
        "{}\n{stdout}\n{stderr}",
        output.status
    );
    assert_eq!(stderr, "", "progress is for terminals");
    stdout
}

fn json(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

fn rows<'a>(document: &'a Value, name: &str) -> &'a [Value] {
    document[name]
        .as_array()
        .unwrap_or_else(|| panic!("no {name}: {document}"))
}

fn figure(value: &Value, name: &str) -> f64 {
    value[name]
        .as_f64()
        .unwrap_or_else(|| panic!("no {name}: {value}"))
}

#[test]
fn memory_is_told_before_with_and_after_pending_calls() {
    require_java!();
    let (document, printed) = run(
        "memory",
        &["--calls", "5000", "--timeout", "5", "--times", "1"],
    );
    let rows = rows(&document, "rows");
    let when: Vec<&str> = rows
        .iter()
        .map(|row| row["when"].as_str().unwrap())
        .collect();
    assert_eq!(when, ["before", "pending, time 1", "after, time 1"]);
    // A waiting call is a task, a timer and an entry of a table at the least.
    assert!(figure(&rows[1], "resident_per_call") > 200.0, "{printed}");
}

#[test]
fn growth_is_measured_beside_pending_calls_and_over_keys() {
    require_java!();
    let (document, printed) = run(
        "growth",
        &[
            "--over",
            "pending,keys",
            "--rate",
            "200",
            "--rounds",
            "1",
            "--seconds",
            "1",
            "--warm-up",
            "1",
            "--broker-warm-up",
            "0",
        ],
    );
    let rows = rows(&document, "rows");
    assert_eq!(rows.len(), 4 + 3);
    for row in rows {
        assert_eq!(row["sample"]["errors"], 0, "{printed}");
        assert!(figure(&row["sample"], "rate_per_s") > 50.0, "{printed}");
        assert!(figure(&row["sample"]["cpu"], "client") > 0.0, "{printed}");
    }
}

#[test]
fn a_soak_tells_memory_at_every_tenth() {
    require_java!();
    let (document, printed) = run("soak", &["--calls", "5000", "--concurrency", "64"]);
    let rows = rows(&document, "rows");
    assert_eq!(rows.len(), 10);
    assert_eq!(rows[9]["calls"], 5_000);
    assert!(
        figure(&rows[9], "client_resident") > f64::from(1 << 20),
        "{printed}"
    );
    assert!(document["server_growth"].is_number(), "{document}");
}

#[test]
fn clients_that_share_a_partition_are_measured_and_forecast() {
    require_java!();
    let (document, printed) = run(
        "sharing",
        &[
            "--clients",
            "1,3",
            "--rate",
            "100",
            "--foreign",
            "50,200",
            "--seconds",
            "1",
            "--warm-up",
            "1",
        ],
    );
    for row in rows(&document, "clients") {
        assert_eq!(row["sample"]["errors"], 0, "{printed}");
        assert!(figure(&row["sample"], "rate_per_s") > 50.0, "{printed}");
    }
    let heard = rows(&document["model"], "heard");
    assert!(
        figure(&heard[1], "replies_per_s") > 100.0,
        "the other's replies: {printed}"
    );
    assert!(!rows(&document, "forecasts").is_empty());
}

#[test]
fn idle_processes_of_each_system_are_watched() {
    require_java!();
    let (document, printed) = run("idle", &["--methods", "3", "--seconds", "1", "--rest", "1"]);
    let rows = rows(&document, "rows");
    assert_eq!(rows.len(), 4);
    for process in rows.iter().flat_map(|row| [&row["client"], &row["server"]]) {
        assert!(figure(process, "threads") > 1.0, "{printed}");
        assert!(figure(process, "cpu_percent") < 100.0, "{printed}");
    }
    assert!(
        figure(&rows[1]["client"], "wake_ups_per_s") > 0.0,
        "librdkafka polls: {printed}"
    );
}

#[test]
fn startup_is_timed_to_the_first_reply() {
    require_java!();
    let (document, printed) = run("startup", &["--rounds", "1"]);
    let rows = rows(&document, "rows");
    assert_eq!(rows.len(), 4 * 4);
    let median = |row: &Value| figure(&row["time_us"], "median");
    for row in rows {
        assert!(median(row) > 0.0, "{printed}");
    }
    for system in rows.chunks(4) {
        assert!(
            median(&system[2]) < median(&system[3]),
            "connected before the reply: {printed}"
        );
    }
}

#[test]
fn what_it_costs_to_take_effect_once_is_measured_for_each_store_and_for_transactions() {
    require_java!();
    let arguments = ["--rounds", "1", "--calls", "200", "--concurrency", "1,8"];
    let (document, printed) = run("once", &arguments);
    let rows = rows(&document, "rows");
    assert_eq!(rows.len(), 2 * 5);
    for row in rows {
        assert!(figure(&row["rate_per_s"], "median") > 0.0, "{printed}");
        let (p50, p99) = (&row["p50_us"], &row["p99_us"]);
        assert!(figure(p50, "median") <= figure(p99, "median"), "{printed}");
    }
}

#[test]
fn a_curve_is_drawn_into_a_folder() {
    require_java!();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new");
    let printed = print(
        "curves",
        &[
            "--only",
            "acks",
            "--rounds",
            "1",
            "--seconds",
            "1",
            "--warm-up",
            "0.5",
            "--broker-warm-up",
            "0",
            "--out",
            out.to_str().unwrap(),
        ],
    );
    for plot in ["acks-rate.svg", "acks-latency.svg"] {
        let svg = fs::read_to_string(out.join(plot)).unwrap();
        assert!(
            svg.starts_with("<svg") && svg.contains("512 in flight"),
            "{svg}"
        );
    }
    for row in rows(&json(&out.join("acks.json")), "rows") {
        assert!(figure(row, "rate_per_s") > 0.0, "{printed}");
        assert_eq!(row["errors"], 0, "{printed}");
    }
}

#[test]
#[cfg(not(feature = "count-allocations"))]
fn allocations_need_a_build_that_counts() {
    let output = Command::new(env!("CARGO_BIN_EXE_kafka-rpc-bench"))
        .arg("allocations")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("--features count-allocations"), "{stderr}");
}

#[test]
#[cfg(feature = "count-allocations")]
fn allocations_are_counted_in_client_and_server() {
    require_java!();
    let (document, printed) = run("allocations", &["--calls", "2000"]);
    for row in rows(&document, "rows") {
        for side in ["client", "server"] {
            assert!(figure(&row[side], "times") > 0.5, "{printed}");
            assert!(figure(&row[side], "bytes") > 10.0, "{printed}");
        }
    }
}

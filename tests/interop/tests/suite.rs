//! The program passes on Apache Kafka, and can fail.

use std::process::{Command, ExitStatus};
use std::time::Duration;

use kafka_rpc_tests::process::Child;
use kafka_rpc_tests::{kafka, require_java};

const LIMIT: Duration = Duration::from_secs(120);

#[test]
fn all_cases_pass_between_two_processes() {
    require_java!();
    let (last, status, printed) = run(&[
        "--test_case=all",
        "--soak_iterations=50",
        // A busy machine is no failure.
        "--soak_per_iteration_max_acceptable_latency_ms=10000",
    ]);
    assert_eq!(last, "15 passed, 0 failed", "{printed}");
    assert!(status.success(), "{status}: {printed}");
    for case in ["empty_unary … ok (", "ping_pong … ok (", "soak … ok ("] {
        assert!(printed.contains(case), "no {case:?}: {printed}");
    }
}

#[test]
fn a_case_that_fails_is_told_and_ends_the_program_with_1() {
    require_java!();
    let (last, status, printed) = run(&[
        "--test_case=soak",
        "--soak_iterations=3",
        // No call of half a megabyte is as fast.
        "--soak_per_iteration_max_acceptable_latency_ms=1",
    ]);
    assert_eq!(last, "0 passed, 1 failed", "{printed}");
    assert_eq!(status.code(), Some(1), "{printed}");
    assert!(printed.contains("soak … FAILED ("), "{printed}");
    assert!(
        printed.contains("3 of 3 calls failed, where 0 may"),
        "{printed}"
    );
}

/// The line with the sum, how the program ended, and all that it printed.
fn run(arguments: &[&str]) -> (String, ExitStatus, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_kafka-rpc-interop"));
    let brokers = kafka::shared().bootstrap();
    let mut program = Child::spawn(program.args(["--brokers", brokers]).args(arguments));
    let last = program.wait_for_line(" passed, ", LIMIT);
    let status = program.wait(LIMIT);
    (last, status, program.printed())
}

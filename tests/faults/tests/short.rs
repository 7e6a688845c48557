//! The program as a user runs it, for a short time.

use std::process::Command;
use std::time::Duration;

use kafka_rpc_tests::process::Child;
use kafka_rpc_tests::require_java;

const FAULTS: &str = env!("CARGO_BIN_EXE_kafka-rpc-faults");

#[test]
fn nothing_that_was_promised_is_broken_by_kills_a_cut_and_a_full_disk() {
    require_java!();
    let scenarios = "kill-servers,kill-brokers,cut-server,transactions-kill,disk-full";
    let mut faults = Command::new(FAULTS);
    faults.args(["--for", "12s", "--seed", "1", "--scenario", scenarios]);
    let mut run = Child::spawn(&mut faults);
    let status = run.wait(Duration::from_secs(600));
    let printed = run.printed();
    assert!(status.success(), "{status}: {printed}");
    assert!(
        printed.contains("scenarios 5, calls ") && printed.contains(", violations 0"),
        "{printed}"
    );
}

#[test]
fn a_scenario_that_is_none_is_refused_with_the_names_of_all() {
    let mut faults = Command::new(FAULTS);
    let mut run = Child::spawn(faults.args(["--scenario", "earthquake"]));
    let status = run.wait(Duration::from_secs(60));
    let printed = run.printed();
    assert!(!status.success(), "{printed}");
    assert!(
        printed.contains("there is no scenario \"earthquake\"") && printed.contains("kill-servers"),
        "{printed}"
    );
}

//! However a test process ends, it takes its Kafka along.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use kafka_rpc_tests::process::Child;
use kafka_rpc_tests::{require_java, within};

const BOOTED: Duration = Duration::from_secs(120);

#[test]
fn a_killed_test_process_leaves_no_kafka_behind_not_even_a_paused_one() {
    require_java!();
    let folder = tempfile::tempdir().unwrap();
    let mut test = Child::spawn(&mut boots_kafka("paused", folder.path()));
    let ready = test.wait_for_line("ready", BOOTED);
    assert!(
        !traces(folder.path()).is_empty(),
        "a running broker is seen"
    );
    test.kill();
    assert_nothing_left(&ready, folder.path());
}

#[test]
fn the_shared_broker_ends_with_its_test_process() {
    require_java!();
    let folder = tempfile::tempdir().unwrap();
    let mut test = Child::spawn(&mut boots_kafka("shared", folder.path()));
    let ready = test.wait_for_line("ready", BOOTED);
    assert!(test.wait(Duration::from_secs(10)).success());
    assert_nothing_left(&ready, folder.path());
}

/// A process that boots Kafka with all its files in `folder`.
fn boots_kafka(which: &str, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_boots-kafka"));
    command.arg(which).env("TMPDIR", folder);
    command
}

fn assert_nothing_left(ready: &str, folder: &Path) {
    let address = ready.strip_prefix("ready ").expect("it says its address");
    // At once: a broker without its folder would end by itself, in time.
    let closed = within(Duration::from_secs(2), || {
        TcpStream::connect(address).is_err()
    });
    assert!(closed, "still running: {:?}", traces(folder));
    let gone = within(Duration::from_secs(20), || traces(folder).is_empty());
    assert!(gone, "left behind: {:?}", traces(folder));
}

/// Files in a folder, and (where there is a /proc) processes that were told of it.
fn traces(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|entry| entry.path().display().to_string());
    let processes = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|process| {
            let command = fs::read(process.path().join("cmdline")).ok()?;
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            command.contains(folder.to_str()?).then_some(command)
        });
    files.chain(processes).collect()
}

//! The example does what it says.

use std::fs;
use std::process::{Command, Output};

#[test]
fn a_file_arrives_as_it_was_sent() {
    // CRC-32 of this text is the check value that everybody publishes.
    let output = upload("checked.txt", b"123456789");
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(printed, "the server has 9 bytes, CRC cbf43926\n");
}

#[test]
fn a_file_of_nothing_arrives() {
    let output = upload("empty", b"");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        printed, "the server has 0 bytes, CRC 00000000\n",
        "{output:?}"
    );
}

#[test]
fn a_file_of_many_pieces_arrives() {
    let output = run(&[]);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        printed.starts_with("the server has 8388608 bytes, CRC "),
        "{output:?}"
    );
    // No terminal, no bar.
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_file_that_can_not_be_read_ends_the_program_with_the_reason() {
    let output = run(&["/no/such/file"]);
    assert!(!output.status.success(), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("No such file"), "{told}");
}

fn upload(name: &str, content: &[u8]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(name);
    fs::write(&file, content).expect("it is written");
    run(&[file.to_str().expect("Unicode")])
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_upload"))
        .args(arguments)
        .env_remove("KAFKA_BROKERS")
        .output()
        .expect("the example starts")
}

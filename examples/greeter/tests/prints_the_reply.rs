//! The example does what it says.

use std::process::Command;

#[test]
fn the_reply_is_printed_and_the_program_ends_well() {
    let output = Command::new(env!("CARGO_BIN_EXE_greeter"))
        .env_remove("KAFKA_BROKERS")
        .output()
        .expect("the example starts");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "Hello, Kafka!\n");
}

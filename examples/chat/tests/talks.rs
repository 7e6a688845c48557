//! The example does what it says.

use std::process::Command;

#[test]
fn who_is_in_a_room_hears_what_is_said_there_and_nothing_else() {
    let output = Command::new(env!("CARGO_BIN_EXE_chat"))
        .env_remove("KAFKA_BROKERS")
        .output()
        .expect("the example starts");
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8_lossy(&output.stdout);
    let heard_in = |room: &str| -> Vec<_> {
        let lines = printed.lines();
        lines.filter_map(|line| line.strip_prefix(room)).collect()
    };
    let kitchen = [
        "ann comes in",
        "ben comes in",
        "ann: Is there any tea left?",
        "ben: Two bags. Shall I put the kettle on?",
        "ann: Please do!",
        "ben: It will take a minute.",
        "ben leaves",
    ];
    let garden = [
        "cyd comes in",
        "dan comes in",
        "cyd: Mind the bees.",
        "dan: Which bees?",
        "cyd: Those.",
        "dan leaves",
    ];
    assert_eq!(heard_in("[kitchen] "), kitchen, "{output:?}");
    assert_eq!(heard_in("[garden] "), garden, "{output:?}");
    assert_eq!(printed.lines().count(), kitchen.len() + garden.len());
}

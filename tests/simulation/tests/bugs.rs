//! Bugs that are planted in the library are found.

use kafka_rpc_simulation::{Bug, play, play_with};

/// Whether one of so many seeds finds the bug, by a violation that says this.
fn is_found(bug: Bug, seeds: u64, says: &str) {
    for seed in 0..seeds {
        let found = play_with(seed, Some(bug)).unwrap().violations;
        if found.iter().any(|violation| violation.contains(says)) {
            let without = play(seed).unwrap().violations;
            assert_eq!(without, [""; 0], "seed {seed} without {bug:?}");
            return;
        }
    }
    panic!("{seeds} seeds do not find {bug:?}");
}

#[test]
fn one_in_the_table_of_pending_calls() {
    is_found(Bug::PendingKept, 100, "pending calls");
    is_found(Bug::PendingMixedUp, 100, "it got the reply of");
}

#[test]
fn one_in_the_progress_of_a_partition() {
    is_found(Bug::ProgressPasses, 500, "Kafka has it");
}

#[test]
fn one_in_deduplication() {
    is_found(
        Bug::RecordsUnread,
        1_000,
        "it took effect, and was handled again",
    );
    is_found(
        Bug::RecordsIgnored,
        500,
        "it took effect, and was handled again",
    );
}

#[test]
fn one_in_the_drain() {
    is_found(Bug::DrainFinishes, 500, "Kafka has it");
}

#[test]
fn one_in_the_gate_of_calls_at_most_once() {
    is_found(Bug::GateOpen, 500, "it was handled more than once");
}

#[test]
fn one_in_the_order_of_keys() {
    is_found(Bug::KeysIgnored, 100, "of its account was handled");
}

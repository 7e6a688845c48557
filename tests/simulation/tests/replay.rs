//! The same seed goes the same way, wherever it is played.

use std::process::Command;

use kafka_rpc_simulation::play;

const SIMULATION: &str = env!("CARGO_BIN_EXE_kafka-rpc-sim");

/// What a process of its own prints that plays a seed.
fn printed(seed: u64, more: &[&str]) -> String {
    let output = Command::new(SIMULATION)
        .args(["--seed", &seed.to_string(), "--history"])
        .args(more)
        .output()
        .expect("the program runs");
    String::from_utf8(output.stdout).expect("it prints text")
}

#[test]
fn a_seed_goes_the_same_way_each_time_in_a_process() {
    for seed in 0..50 {
        let digests = [play(seed).unwrap().digest(), play(seed).unwrap().digest()];
        assert_eq!(digests[0], digests[1], "seed {seed}");
    }
    assert_ne!(play(0).unwrap().digest(), play(1).unwrap().digest());
}

#[test]
fn a_seed_goes_the_same_way_in_each_process() {
    for seed in 100..110 {
        let played = play(seed).unwrap();
        let first = printed(seed, &[]);
        assert_eq!(first, printed(seed, &[]), "seed {seed}");
        // To look at what is logged changes nothing.
        assert_eq!(first, printed(seed, &["--log", "trace"]), "seed {seed}");
        assert!(
            first.contains(&format!("digest {:08x}\n", played.digest())),
            "seed {seed}: {first}"
        );
        let last = format!("seeds 1, calls {}, violations 0\n", played.calls);
        assert!(first.ends_with(&last), "seed {seed}: {first}");
    }
}

#[test]
fn many_seeds_are_played_by_several_threads_and_end_in_a_line_that_says_it_all() {
    let run = |threads: &str| {
        let arguments = ["--from", "1000", "--seeds", "100", "--threads", threads];
        let output = Command::new(SIMULATION).args(arguments).output();
        let output = output.expect("the program runs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("it prints text")
    };
    let printed = run("1");
    assert!(
        printed.starts_with("seeds 100, calls ") && printed.ends_with(", violations 0\n"),
        "{printed}"
    );
    assert_eq!(printed, run("2"));
}

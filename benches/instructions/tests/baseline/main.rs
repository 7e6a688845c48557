//! Holds the instructions of a call to the baseline.

mod baseline;
mod program;
mod skip;
mod valgrind;

use std::collections::BTreeMap;
use std::env::consts::ARCH;
use std::io::{self, Write as _};
use std::panic;
use std::path::Path;
use std::sync::Mutex;
use std::{env, thread};

use kafka_rpc_instructions::{SCENARIOS, Scenario};

use baseline::Baseline;

/// How often a scenario is run in each of the two runs, whose difference counts. Multiples of 64,
/// the number of calls that are under way at a time.
const STEPS: [u64; 2] = [6_400, 19_200];
const CALLS: [u64; 2] = [1_280, 3_840];

#[test]
fn no_call_takes_more_instructions_than_the_baseline_allows() {
    if let Err(missing) = valgrind::available() {
        return skip::unless_ci(&missing);
    }
    if env::var_os("UPDATE_BASELINE").is_some() {
        return measured().write();
    }
    let baseline = Baseline::read();
    if baseline.architecture != ARCH {
        let other = baseline.architecture;
        return skip::always(&format!("the baseline is of {other}, this is {ARCH}"));
    }
    let comparison = baseline.compare(&measured());
    if !comparison.notes.is_empty() {
        let _ = writeln!(io::stderr(), "{}", comparison.notes.join("\n"));
    }
    assert!(
        comparison.problems.is_empty(),
        "\n{}\n\nFind out why. Where it is worth it, move the baseline, and say in the commit what is bought by it:\n    \
         UPDATE_BASELINE=1 cargo test -p kafka-rpc-instructions\n",
        comparison.problems.join("\n"),
    );
}

/// What the baseline would be if it was moved now.
fn measured() -> Baseline {
    Baseline {
        rustc: program::rustc(),
        architecture: ARCH.to_owned(),
        instructions: measure(),
    }
}

/// The instructions of each scenario, once.
fn measure() -> BTreeMap<String, u64> {
    let program = program::build();
    let waiting = Mutex::new(SCENARIOS.iter());
    let next = || waiting.lock().expect("no thread panicked").next();
    let measure_some = || -> Vec<(String, u64)> {
        std::iter::from_fn(next)
            .map(|scenario| (scenario.name.to_owned(), instructions(&program, scenario)))
            .collect()
    };
    thread::scope(|scope| {
        let other = scope.spawn(measure_some);
        let mut measured = measure_some();
        measured.extend(other.join().unwrap_or_else(|it| panic::resume_unwind(it)));
        measured.into_iter().collect()
    })
}

fn instructions(program: &Path, scenario: &Scenario) -> u64 {
    let [few, many] = match scenario.name.starts_with("call-") {
        true => CALLS,
        false => STEPS,
    };
    let count = |times| valgrind::instructions(program, scenario.name, times);
    let each = || (count(many) - count(few)) / (many - few);
    // Maps are seeded at random: from run to run that is a matter of one per cent.
    each().min(each())
}

//! Counting instructions.

use std::path::Path;
use std::process::Command;

/// Whether there is a valgrind, else what is missing.
pub(crate) fn available() -> Result<(), String> {
    match Command::new("valgrind").arg("--version").output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("`valgrind --version`: {}", output.status)),
        Err(error) => Err(format!("`valgrind --version`: {error}")),
    }
}

/// How many instructions it takes to run a scenario so many times, start and end included.
pub(crate) fn instructions(program: &Path, scenario: &str, times: u64) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no"])
        .arg("--cachegrind-out-file=/dev/null")
        .arg(program)
        .args([scenario, &times.to_string()])
        .output()
        .expect("valgrind runs");
    let told = String::from_utf8_lossy(&output.stderr);
    let count = output.status.success().then(|| count(&told)).flatten();
    count.unwrap_or_else(|| panic!("{scenario} {times}: {}\n{told}", output.status))
}

/// The number in `==1234== I   refs:      1,234,567`.
fn count(told: &str) -> Option<u64> {
    let told = told.lines().find_map(|line| {
        let (what, number) = line.split_once("refs:")?;
        what.trim_end().ends_with('I').then_some(number)
    })?;
    told.trim().replace(',', "").parse().ok()
}

#[test]
fn the_count_is_read_out_of_what_valgrind_tells() {
    let told = "==77== Cachegrind, a cache profiler\n==77== \n==77== I   refs:      1,234,567\n";
    assert_eq!(count(told), Some(1_234_567));
    assert_eq!(count("==77== I refs:        890\n"), Some(890));
    assert_eq!(count("==77== Cachegrind\n"), None);
}

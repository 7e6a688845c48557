//! The baseline: what each scenario took when it was last moved.

use std::collections::BTreeMap;
use std::fs;

use serde::{Deserialize, Serialize};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/baseline.json");

/// By how many per cent a scenario may grow.
const TOLERANCE: f64 = 5.0;
/// The same where another compiler made the baseline: some of the difference is its doing.
const TOLERANCE_FOR_ANOTHER_COMPILER: f64 = 25.0;

/// What each scenario takes, and where that was found.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Baseline {
    pub(crate) rustc: String,
    pub(crate) architecture: String,
    /// By scenario.
    pub(crate) instructions: BTreeMap<String, u64>,
}

/// What became of the baseline.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    /// Why the test fails.
    pub(crate) problems: Vec<String>,
    /// What else there is to know.
    pub(crate) notes: Vec<String>,
}

impl Baseline {
    pub(crate) fn read() -> Self {
        let text = fs::read(FILE).unwrap_or_else(|error| panic!("{FILE}: {error}"));
        serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{FILE}: {error}"))
    }

    pub(crate) fn write(&self) {
        let text = serde_json::to_string_pretty(self).expect("it can be written");
        fs::write(FILE, text + "\n").unwrap_or_else(|error| panic!("{FILE}: {error}"));
    }

    /// What to say where this is the baseline and that was measured now.
    pub(crate) fn compare(&self, measured: &Self) -> Comparison {
        let mut comparison = Comparison::default();
        let tolerance = match self.rustc == measured.rustc {
            true => TOLERANCE,
            false => {
                comparison.notes.push(format!(
                    "the baseline was made by {}, this is {}: growth is let pass up to {TOLERANCE_FOR_ANOTHER_COMPILER} %",
                    self.rustc, measured.rustc
                ));
                TOLERANCE_FOR_ANOTHER_COMPILER
            }
        };
        for (scenario, &now) in &measured.instructions {
            let Some(&before) = self.instructions.get(scenario) else {
                let problem = format!("{scenario}: {now} instructions, and no baseline");
                comparison.problems.push(problem);
                continue;
            };
            let growth = (now as f64 - before as f64) / before as f64 * 100.0;
            let change = format!("{scenario}: {before} -> {now} instructions ({growth:+.1} %)");
            if growth > tolerance {
                let problem = format!("{change}, where {tolerance} % are let pass");
                comparison.problems.push(problem);
            } else if growth < -tolerance {
                let note = format!(
                    "{change}: move the baseline with UPDATE_BASELINE=1, so that it stays won"
                );
                comparison.notes.push(note);
            }
        }
        for scenario in self.instructions.keys() {
            if !measured.instructions.contains_key(scenario) {
                let problem = format!("{scenario}: in the baseline, and no scenario any more");
                comparison.problems.push(problem);
            }
        }
        comparison
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baseline(rustc: &str, instructions: &[(&str, u64)]) -> Baseline {
        let owned = |&(name, count): &(&str, u64)| (name.to_owned(), count);
        Baseline {
            rustc: rustc.to_owned(),
            architecture: "x86_64".to_owned(),
            instructions: instructions.iter().map(owned).collect(),
        }
    }

    #[test]
    fn growth_beyond_the_tolerance_is_a_problem_and_a_fall_is_noted() {
        let before = baseline("1", &[("a", 1000), ("b", 1000), ("c", 1000), ("d", 1000)]);
        let now = baseline("1", &[("a", 1050), ("b", 1051), ("c", 950), ("d", 949)]);
        let Comparison { problems, notes } = before.compare(&now);
        assert!(
            matches!(&problems[..], [b] if b.starts_with("b: 1000 -> 1051 instructions (+5.1 %)")),
            "{problems:?}"
        );
        assert!(
            matches!(&notes[..], [d] if d.starts_with("d: 1000 -> 949 instructions (-5.1 %)")),
            "{notes:?}"
        );
    }

    #[test]
    fn another_compiler_is_named_and_given_more_room() {
        let before = baseline("rustc 1", &[("a", 1000), ("b", 1000)]);
        let now = baseline("rustc 2", &[("a", 1250), ("b", 1251)]);
        let Comparison { problems, notes } = before.compare(&now);
        assert!(
            matches!(&problems[..], [b] if b.starts_with("b: ")),
            "{problems:?}"
        );
        assert!(
            matches!(&notes[..], [note] if note.contains("rustc 1") && note.contains("rustc 2")),
            "{notes:?}"
        );
    }

    #[test]
    fn baseline_and_scenarios_are_the_same_ones() {
        let (before, now) = (baseline("1", &[("old", 1)]), baseline("1", &[("new", 1)]));
        let problems = before.compare(&now).problems;
        assert!(
            matches!(&problems[..], [new, old] if new.starts_with("new: ") && old.starts_with("old: ")),
            "{problems:?}"
        );
    }
}

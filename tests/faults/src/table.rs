//! What the scenarios came to.

use std::fmt::Write as _;
use std::time::Duration;

use kafka_rpc_checker::Report;

pub(crate) struct Row {
    pub(crate) scenario: String,
    pub(crate) took: Duration,
    pub(crate) report: Report,
}

pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:<16} {:>6} {:>9} {:>7} {:>9} {:>6} {:>22} {:>22} {:>10}\n",
        "scenario",
        "time",
        "calls",
        "failed",
        "repeated",
        "blows",
        "takeover p50/p99",
        "handover p50/p99",
        "violations"
    );
    for Row {
        scenario,
        took,
        report,
    } in rows
    {
        let _infallible = writeln!(
            text,
            "{scenario:<16} {:>4} s {:>9} {:>7} {:>9} {:>6} {:>22} {:>22} {:>10}",
            took.as_secs(),
            report.calls,
            report.failed,
            report.repeated,
            report.blows,
            quantiles(&report.takeovers),
            quantiles(&report.handovers),
            report.violations.len()
        );
    }
    text
}

/// The line that says it all.
pub(crate) fn summary(rows: &[Row]) -> String {
    let calls: usize = rows.iter().map(|row| row.report.calls).sum();
    let violations: usize = rows.iter().map(|row| row.report.violations.len()).sum();
    format!(
        "scenarios {}, calls {calls}, violations {violations}",
        rows.len()
    )
}

/// Of times in microseconds.
fn quantiles(times: &[u64]) -> String {
    let mut times = times.to_vec();
    times.sort_unstable();
    match (quantile(&times, 50), quantile(&times, 99)) {
        (Some(half), Some(most)) => format!("{} / {} ms", half / 1_000, most / 1_000),
        _ => "-".to_owned(),
    }
}

/// Of times in order.
pub(crate) fn quantile(times: &[u64], of_hundred: usize) -> Option<u64> {
    let last = times.len().checked_sub(1)?;
    times
        .get((times.len() * of_hundred / 100).min(last))
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_adds_all_up() {
        let row = |calls, violations: usize| Row {
            scenario: "storm".to_owned(),
            took: Duration::from_secs(120),
            report: Report {
                calls,
                violations: vec![String::new(); violations],
                takeovers: vec![1_000, 3_000, 2_000],
                ..Report::default()
            },
        };
        let rows = [row(10, 0), row(5, 2)];
        assert_eq!(summary(&rows), "scenarios 2, calls 15, violations 2");
        assert!(table(&rows).contains("2 / 3 ms"), "{}", table(&rows));
    }
}

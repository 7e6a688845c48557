use super::{Known, Report};
use crate::history::What;

/// No call takes effect twice; and one that was answered has taken effect, where all effects are known.
pub(super) fn check(known: &Known<'_>, report: &mut Report) {
    let all_known = known
        .events
        .iter()
        .any(|event| matches!(event.what, What::Effects));
    for (name, call) in &known.calls {
        let answered = call.ended.iter().any(|(_, outcome)| outcome.is_ok());
        match call.effects {
            0 if all_known && answered => {
                let wrong = format!("{name}: it was answered, and has no effect");
                report.violations.push(wrong);
            }
            0 | 1 => {}
            times => {
                let wrong = format!("{name}: it has taken effect {times} times");
                report.violations.push(wrong);
            }
        }
    }
}

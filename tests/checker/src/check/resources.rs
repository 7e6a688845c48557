use super::{Known, Report};
use crate::history::What;

/// All that a node has taken it has given back at its end.
pub(super) fn check(known: &Known<'_>, report: &mut Report) {
    for event in known.events {
        if let What::Left { what, count } = &event.what {
            let wrong = format!("{} has left {count}: {what}", event.node);
            report.violations.push(wrong);
        }
    }
}

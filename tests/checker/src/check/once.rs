use std::collections::{HashMap, HashSet};

use super::{Known, Report};
use crate::history::What;

/// A deduplicated call is not handled any more when what it came to is recorded, and by one server not
/// twice at a time.
pub(super) fn check(known: &Known<'_>, report: &mut Report) {
    let mut recorded: HashMap<&str, bool> = HashMap::new();
    let mut running: HashSet<(&str, &str)> = HashSet::new();
    for event in known.events {
        match &event.what {
            What::Deduplicated { call } => {
                recorded.insert(call, false);
            }
            What::Recorded { call } => {
                recorded.insert(call, true);
            }
            What::Started { call, .. } => {
                let Some(&is_recorded) = recorded.get(&**call) else {
                    continue;
                };
                if is_recorded {
                    let wrong = format!("{call}: it took effect, and was handled again");
                    report.violations.push(wrong);
                }
                if !running.insert((&event.node, call)) {
                    let wrong = format!("{call}: it was handled twice at a time by {}", event.node);
                    report.violations.push(wrong);
                }
            }
            What::Finished { call } | What::Failed { call } => {
                running.remove(&(&*event.node, &**call));
            }
            _ => {}
        }
    }
}

use std::collections::{HashMap, HashSet};

use super::{Known, Report};
use crate::history::{Blow, What};

/// A deduplicated call is not handled any more when what it came to is recorded, or when its caller has been
/// told; and not twice at a time by one server. A server that stood still or was cut off may not know yet that it has
/// a successor: what both have, both may handle and answer.
pub(super) fn check(known: &Known<'_>, report: &mut Report) {
    let mut states: HashMap<&str, State> = HashMap::new();
    let mut running: HashSet<(&str, &str)> = HashSet::new();
    for event in known.events {
        match &event.what {
            What::Deduplicated { call } => {
                states.insert(call, State::default());
            }
            What::Recorded { call } => states.entry(call).or_default().recorded = true,
            What::Ended {
                call,
                outcome: Ok(_),
                ..
            } => {
                if let Some(state) = states.get_mut(&**call) {
                    state.answered = true;
                }
            }
            What::Started { call, .. } => {
                let Some(state) = states.get_mut(&**call) else {
                    continue;
                };
                state.strayed |= !knows(known, &event.node);
                if state.recorded || state.answered && !state.strayed {
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

#[derive(Default)]
struct State {
    /// In a store that all servers share.
    recorded: bool,
    answered: bool,
    /// One of those who handled it may not have known that its partition was another's.
    strayed: bool,
}

/// Whether a node always knew what became of its partitions.
fn knows(known: &Known<'_>, node: &str) -> bool {
    let blows = known.blows.get(node).into_iter().flatten();
    !blows
        .map(|(_, blow)| blow)
        .any(|blow| matches!(blow, Blow::Paused | Blow::Cut))
}

use std::collections::HashMap;

use super::{Allowance, Known, Report};
use crate::history::{Blow, What, micros};

/// Servers end within their time; and how long it took until others went on in their place.
pub(super) fn check(known: &Known<'_>, allowance: &Allowance, report: &mut Report) {
    drains(known, allowance, report);
    for event in known.events {
        if let What::Hit { on, by } = &event.what {
            match by {
                Blow::Killed => report.takeovers.extend(taken_over(known, on, event.at)),
                Blow::Told => report.handovers.extend(taken_over(known, on, event.at)),
                _ => {}
            }
        }
    }
}

fn drains(known: &Known<'_>, allowance: &Allowance, report: &mut Report) {
    let mut draining = HashMap::new();
    for event in known.events {
        match event.what {
            What::Draining => {
                draining.insert(&event.node, event.at);
            }
            What::Drained => {
                if let Some(began) = draining.remove(&event.node)
                    && event.at - began > micros(allowance.drain)
                {
                    let took = (event.at - began) / 1_000;
                    report
                        .violations
                        .push(format!("{} took {took} ms to end", event.node));
                }
            }
            _ => {}
        }
    }
    for node in draining.keys() {
        if known.killed(node).is_none() {
            report.violations.push(format!("{node} has not ended"));
        }
    }
}

/// For each partition whose last call before was handled by the node: when another began there.
fn taken_over(known: &Known<'_>, node: &str, at: u64) -> Vec<u64> {
    type Partition<'h> = (&'h str, i32);
    let mut owners: HashMap<Partition<'_>, &str> = HashMap::new();
    let mut first: HashMap<Partition<'_>, u64> = HashMap::new();
    for event in known.events {
        let What::Started {
            origin: (topic, partition, _),
            ..
        } = &event.what
        else {
            continue;
        };
        let partition = (&**topic, *partition);
        if event.at <= at {
            owners.insert(partition, &event.node);
        } else if event.node != node && owners.get(&partition) == Some(&node) {
            first.entry(partition).or_insert(event.at - at);
        }
    }
    first.into_values().collect()
}

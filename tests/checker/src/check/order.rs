use std::collections::{BTreeMap, HashMap};

use super::{Known, Report};
use crate::history::What;

/// Calls with one key begin in order, and one server handles them one at a time.
pub(super) fn check(known: &Known<'_>, report: &mut Report) {
    let mut accounts: HashMap<&str, BTreeMap<u64, (u64, &str)>> = HashMap::new();
    for (name, call) in &known.calls {
        // One that was given up may be known as that to a server, and be handled by the next all the same.
        let first = call.started.iter().map(|(_, at)| *at).min();
        let first = first.filter(|_| !call.cancelled);
        if let (Some((account, number)), Some(first)) = (call.order, first) {
            accounts
                .entry(account)
                .or_default()
                .insert(*number, (first, name));
        }
    }
    for (account, calls) in &accounts {
        let mut last: Option<(u64, &str)> = None;
        for (begun, name) in calls.values() {
            if let Some((before, earlier)) = last
                && *begun < before
            {
                let wrong = format!("account {account}: {name} began before {earlier}");
                report.violations.push(wrong);
            }
            last = Some((*begun, name));
        }
    }
    one_at_a_time(known, report);
}

fn one_at_a_time(known: &Known<'_>, report: &mut Report) {
    // By server and account: the call that is handled there.
    let mut handled: HashMap<(&str, &str), &str> = HashMap::new();
    for event in known.events {
        match &event.what {
            What::Started {
                call,
                order: Some((account, _)),
                ..
            } => {
                let before = handled.insert((&event.node, account), call);
                if let Some(before) = before.filter(|before| {
                    let finished = &known.calls[before].finished;
                    let later = finished
                        .iter()
                        .filter(|(node, at)| *node == event.node && *at > event.at);
                    // One that never finishes was given up; of the same call one end is that of the new beginning.
                    later.count() > usize::from(before == call)
                }) {
                    let wrong = format!("{call} began while {before} of its account was handled");
                    report.violations.push(wrong);
                }
            }
            What::Finished { call } | What::Failed { call } => {
                if let Some((account, _)) = known.calls.get(&**call).and_then(|call| call.order)
                    && handled.get(&(&*event.node, &**account)) == Some(&&**call)
                {
                    handled.remove(&(&*event.node, &**account));
                }
            }
            _ => {}
        }
    }
}

use super::{Allowance, Call, Known, Report};
use crate::history::micros;

/// One outcome by the deadline, of the right call, and no call that Kafka has is lost.
pub(super) fn check(known: &Known<'_>, allowance: &Allowance, report: &mut Report) {
    for (name, call) in &known.calls {
        report.repeated += call.started.len().saturating_sub(1);
        report.failed += usize::from(call.ended.iter().any(|(_, outcome)| outcome.is_err()));
        let wrong = of_call(known, allowance, call).or_else(|| of_reply(name, call));
        if let Some(wrong) = wrong {
            report.violations.push(format!("{name}: {wrong}"));
        }
    }
}

fn of_call(known: &Known<'_>, allowance: &Allowance, call: &Call<'_>) -> Option<String> {
    let Some((node, called, deadline)) = call.called else {
        return Some("nobody has made it".to_owned());
    };
    if call.once && call.started.len() > 1 {
        return Some("it was handled more than once".to_owned());
    }
    if call.kept {
        if call.finished.is_empty() && !call.buried {
            return Some("Kafka has it, and no handler has done it".to_owned());
        }
        let has_reply = call.ended.iter().any(|(_, outcome)| outcome.is_ok());
        if !has_reply && !call.buried && !call.forgotten {
            return Some(format!(
                "Kafka has it, and its reply is not found: {:?}",
                call.ended
            ));
        }
        return None;
    }
    let killed = known.killed(node);
    match (deadline, &call.ended[..]) {
        (_, [_, _, ..]) => Some("it has ended more than once".to_owned()),
        (_, []) if killed.is_some() || call.cancelled => None,
        (_, []) => Some("it has not ended".to_owned()),
        (Some(deadline), [(ended, _)]) => {
            let paused = known.paused(node, called, *ended);
            let due = deadline.max(paused.map_or(0, |until| until + micros(allowance.wakes_up)))
                + micros(allowance.outcome);
            (*ended > due).then(|| format!("it ended {} ms late", (ended - deadline) / 1_000))
        }
        (None, [_]) => None,
    }
}

fn of_reply(name: &str, call: &Call<'_>) -> Option<String> {
    for (_, outcome) in &call.ended {
        let Ok(replied) = outcome else { continue };
        if replied != name {
            return Some(format!("it got the reply of {replied}"));
        }
        if call.finished.is_empty() {
            return Some("it got a reply, and no handler has done it".to_owned());
        }
    }
    None
}

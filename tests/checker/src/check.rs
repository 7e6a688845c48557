//! Whether a history is one that was promised.

mod effects;
mod once;
mod order;
mod outcomes;
mod resources;
mod servers;

use std::collections::HashMap;
use std::time::Duration;

use crate::history::{Blow, Event, What};

/// What a history shows.
#[derive(Debug, Default)]
pub struct Report {
    /// Calls that were made.
    pub calls: usize,
    /// Calls that ended with a status.
    pub failed: usize,
    /// Handlers that ran beyond the first of their call.
    pub repeated: usize,
    /// What was done to nodes.
    pub blows: usize,
    /// What should not have been.
    pub violations: Vec<String>,
    /// From a server's SIGKILL to the first call of each of its partitions at another one, in microseconds.
    pub takeovers: Vec<u64>,
    /// The same from SIGTERM.
    pub handovers: Vec<u64>,
}

/// All that is known, by what it is about.
struct Known<'h> {
    events: &'h [Event],
    calls: HashMap<&'h str, Call<'h>>,
    /// What was done to each node, in order.
    blows: HashMap<&'h str, Vec<(u64, Blow)>>,
}

#[derive(Default)]
struct Call<'h> {
    /// Who made it, when, and until when it had to be over.
    called: Option<(&'h str, u64, Option<u64>)>,
    order: Option<&'h (String, u64)>,
    kept: bool,
    once: bool,
    cancelled: bool,
    buried: bool,
    effects: usize,
    forgotten: bool,
    ended: Vec<(u64, &'h Result<String, String>)>,
    started: Vec<(&'h str, u64)>,
    finished: Vec<(&'h str, u64)>,
}

/// How exact times are.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// How much later than its deadline a call may tell its outcome.
    pub outcome: Duration,
    /// How long a node takes to get going again that was stopped, with all that became due meanwhile.
    pub wakes_up: Duration,
    /// How long a server may take from when it is told to end until it has ended.
    pub drain: Duration,
}

/// Holds a history, in its order, against all that is promised.
pub fn check(events: &[Event], allowance: &Allowance) -> Report {
    let known = Known::of(events);
    let mut report = Report {
        calls: known
            .calls
            .values()
            .filter(|call| call.called.is_some())
            .count(),
        blows: known.blows.values().map(Vec::len).sum(),
        ..Report::default()
    };
    outcomes::check(&known, allowance, &mut report);
    order::check(&known, &mut report);
    once::check(&known, &mut report);
    servers::check(&known, allowance, &mut report);
    resources::check(&known, &mut report);
    effects::check(&known, &mut report);
    report
}

impl<'h> Known<'h> {
    fn of(events: &'h [Event]) -> Self {
        let mut known = Self {
            events,
            calls: HashMap::new(),
            blows: HashMap::new(),
        };
        for event in events {
            known.take(event);
        }
        known
    }

    fn take(&mut self, Event { at, node, what }: &'h Event) {
        match what {
            What::Called {
                call,
                order,
                deadline,
            } => {
                let known = self.calls.entry(call).or_default();
                known.called = Some((node, *at, *deadline));
                known.order = order.as_ref();
            }
            What::Kept { call, .. } => self.calls.entry(call).or_default().kept = true,
            What::Once { call } => self.calls.entry(call).or_default().once = true,
            What::Cancelled { call } => self.calls.entry(call).or_default().cancelled = true,
            What::Buried { call } => self.calls.entry(call).or_default().buried = true,
            What::Effect { call } => self.calls.entry(call).or_default().effects += 1,
            What::Forgotten { call } => self.calls.entry(call).or_default().forgotten = true,
            What::Ended {
                call,
                outcome,
                ended,
            } => {
                let known = self.calls.entry(call).or_default();
                known.ended.push((*ended, outcome));
            }
            What::Started { call, .. } => {
                let known = self.calls.entry(call).or_default();
                known.started.push((node, *at));
            }
            What::Finished { call } => {
                let known = self.calls.entry(call).or_default();
                known.finished.push((node, *at));
            }
            What::Hit { on, by } => self.blows.entry(on).or_default().push((*at, *by)),
            What::Failed { .. }
            | What::Effects
            | What::Deduplicated { .. }
            | What::Recorded { .. }
            | What::Left { .. }
            | What::Done
            | What::Draining
            | What::Drained => {}
        }
    }

    /// When a node was killed.
    fn killed(&self, node: &str) -> Option<u64> {
        let blows = self.blows.get(node)?;
        let killed = blows.iter().find(|(_, blow)| *blow == Blow::Killed);
        killed.map(|(at, _)| *at)
    }

    /// Until when a node that was stopped within this time can't be expected to have done anything.
    fn paused(&self, node: &str, from: u64, to: u64) -> Option<u64> {
        let blows = self.blows.get(node)?;
        let mut until = None;
        for pair in blows.windows(2) {
            if let [(paused, Blow::Paused), (resumed, Blow::Resumed)] = pair
                && *paused <= to
                && *resumed >= from
            {
                until = Some(*resumed);
            }
        }
        until
    }
}

#[cfg(test)]
mod tests;

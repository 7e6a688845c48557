//! The scenarios whose instructions are counted.
//!
//! Each makes calls, or takes a step of a call, so many times, and does the same in each run: one
//! thread, a clock that stands still, no Kafka. What is counted is the difference between two runs
//! of different length, so that start and end are not in it.

mod calls;

use kafka_rpc::{BoxError, measured};

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name in the baseline, and as an argument of the program.
    pub name: &'static str,
    /// Does it so many times.
    pub run: fn(u64) -> Result<(), BoxError>,
}

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    scenario("request-head-written", measured::write_requests),
    scenario("request-head-read", measured::read_requests),
    scenario("reply-head-written", measured::write_replies),
    scenario("reply-head-read", measured::read_replies),
    scenario("pending-table", measured::pending_calls),
    scenario("dispatch", measured::unkeyed_calls),
    scenario("dispatch-keyed", measured::keyed_calls),
    scenario("progress", measured::progress),
    scenario("call-1-in-flight", |calls| calls::make(calls, 1)),
    scenario("call-64-in-flight", |calls| calls::make(calls, 64)),
];

const fn scenario(name: &'static str, run: fn(u64) -> Result<(), BoxError>) -> Scenario {
    Scenario { name, run }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_does_what_it_is_to_do() {
        for scenario in SCENARIOS {
            let outcome = (scenario.run)(640);
            assert!(outcome.is_ok(), "{}: {outcome:?}", scenario.name);
        }
    }
}

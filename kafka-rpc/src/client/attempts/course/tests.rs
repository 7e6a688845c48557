use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::client::attempts::RetryBudget;
use crate::descriptor::{HedgingPolicy, RetryPolicy};

/// What becomes of an attempt.
#[derive(Clone, Copy, Debug)]
struct Script {
    millis: u64,
    code: Code,
    pushback: Option<Pushback>,
}

/// What was seen of a call.
#[derive(Debug)]
struct Seen {
    /// When attempts were made, in milliseconds from the start.
    attempts: Vec<u64>,
    /// How many others were under way at each.
    beside: Vec<usize>,
    /// When the call ended, and how.
    end: u64,
    code: Code,
    held_back: bool,
}

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Runs a call whose attempts go by scripts; those behind the last script never end by themselves.
fn run(policy: Repeats, tokens: &Tokens, timeout: u64, keyed: bool, scripts: &[Script]) -> Seen {
    let start = Instant::now();
    let deadline = start + millis(timeout);
    let mut course = Course::new(policy, keyed, deadline, start);
    let mut open: Vec<(Instant, Code, Option<Pushback>)> = Vec::new();
    let mut last = Code::Internal;
    let mut now = start;
    let (mut attempts, mut beside) = (Vec::new(), Vec::new());
    let end = 'call: loop {
        while let Some(index) = open.iter().position(|(at, ..)| *at <= now) {
            let (_, code, pushback) = open.remove(index);
            last = code;
            let ended = Ended {
                code,
                pushback,
                seed: attempts.len() as u64,
            };
            if course.ended(ended, now, tokens) {
                break 'call now;
            }
        }
        let wake = match course.due(now, tokens) {
            Due::Now => {
                beside.push(open.len());
                attempts.push((now - start).as_millis() as u64);
                let over = (deadline, Code::DeadlineExceeded, None);
                let script = scripts.get(attempts.len() - 1);
                let own = script
                    .map(|script| (now + millis(script.millis), script.code, script.pushback));
                open.push(own.filter(|(at, ..)| *at < deadline).unwrap_or(over));
                continue;
            }
            Due::At(at) => Some(at),
            Due::Nothing => None,
        };
        let Some(next) = open.iter().map(|(at, ..)| *at).chain(wake).min() else {
            break now;
        };
        now = next;
    };
    assert_eq!(course.made() as usize, attempts.len());
    Seen {
        attempts,
        beside,
        end: (end - start).as_millis() as u64,
        code: last,
        held_back: course.was_held_back(),
    }
}

fn plenty() -> Tokens {
    Tokens::new(RetryBudget::unlimited())
}

fn fails(millis: u64, code: Code) -> Script {
    Script {
        millis,
        code,
        pushback: None,
    }
}

fn retry() -> RetryPolicy {
    RetryPolicy::new()
        .attempts(4)
        .initial_backoff(millis(100))
        .jitter(0.0)
}

const UNAVAILABLE: Script = Script {
    millis: 0,
    code: Code::Unavailable,
    pushback: None,
};

#[test]
fn a_call_that_fails_is_made_again_after_growing_pauses() {
    let policy = Repeats::Retry(retry());
    let scripts = [UNAVAILABLE, UNAVAILABLE, fails(5, Code::Ok)];
    let seen = run(policy, &plenty(), 10_000, false, &scripts);
    assert_eq!(seen.attempts, [0, 100, 300]);
    assert_eq!((seen.end, seen.code), (305, Code::Ok));
}

#[test]
fn the_last_failure_is_the_calls_when_all_attempts_are_made() {
    let seen = run(
        Repeats::Retry(retry()),
        &plenty(),
        10_000,
        false,
        &[UNAVAILABLE; 9],
    );
    assert_eq!(seen.attempts, [0, 100, 300, 700]);
    assert_eq!((seen.end, seen.code), (700, Code::Unavailable));
}

#[test]
fn a_code_that_is_not_listed_ends_the_call() {
    let scripts = [UNAVAILABLE, fails(5, Code::NotFound)];
    let seen = run(Repeats::Retry(retry()), &plenty(), 10_000, false, &scripts);
    assert_eq!((seen.attempts.len(), seen.code), (2, Code::NotFound));
}

#[test]
fn an_attempt_that_would_begin_after_the_deadline_is_not_waited_for() {
    let seen = run(
        Repeats::Retry(retry()),
        &plenty(),
        300,
        false,
        &[UNAVAILABLE; 9],
    );
    assert_eq!(seen.attempts, [0, 100]);
    assert_eq!((seen.end, seen.code), (100, Code::Unavailable));
}

#[test]
fn a_server_sets_the_next_pause_and_those_after_it_begin_anew() {
    let later = Script {
        pushback: Some(Pushback::After(millis(7))),
        ..UNAVAILABLE
    };
    let scripts = [UNAVAILABLE, later, UNAVAILABLE, UNAVAILABLE];
    let seen = run(Repeats::Retry(retry()), &plenty(), 10_000, false, &scripts);
    assert_eq!(seen.attempts, [0, 100, 107, 207]);
}

#[test]
fn a_server_ends_the_attempts() {
    let never = Script {
        pushback: Some(Pushback::Never),
        ..UNAVAILABLE
    };
    let tokens = Tokens::new(RetryBudget::new(2, 1.0));
    let seen = run(Repeats::Retry(retry()), &tokens, 10_000, false, &[never]);
    assert_eq!((seen.attempts.len(), seen.end), (1, 0));
    assert!(!tokens.allow(), "it counts as a failure");
}

#[test]
fn a_call_is_not_made_again_while_the_budget_is_used_up() {
    let tokens = Tokens::new(RetryBudget::new(4, 1.0));
    let seen = run(
        Repeats::Retry(retry()),
        &tokens,
        10_000,
        false,
        &[UNAVAILABLE; 9],
    );
    assert_eq!(seen.attempts, [0, 100]);
    assert!(seen.held_back);
    let seen = run(
        Repeats::Retry(retry()),
        &tokens,
        10_000,
        false,
        &[UNAVAILABLE; 9],
    );
    assert_eq!(seen.attempts, [0]);
    for _ in 0..4 {
        run(
            Repeats::Retry(retry()),
            &tokens,
            10_000,
            false,
            &[fails(1, Code::Ok)],
        );
    }
    let seen = run(
        Repeats::Retry(retry()),
        &tokens,
        10_000,
        false,
        &[UNAVAILABLE; 9],
    );
    assert_eq!(seen.attempts, [0, 100]);
}

fn hedging() -> HedgingPolicy {
    HedgingPolicy::new().attempts(3).delay(millis(50))
}

#[test]
fn a_hedge_is_made_after_each_delay_until_one_attempt_ends_well() {
    let scripts = [
        fails(900, Code::Ok),
        fails(900, Code::Ok),
        fails(10, Code::Ok),
    ];
    let seen = run(
        Repeats::Hedging(hedging()),
        &plenty(),
        10_000,
        false,
        &scripts,
    );
    assert_eq!(seen.attempts, [0, 50, 100]);
    assert_eq!(seen.beside, [0, 1, 2]);
    assert_eq!((seen.end, seen.code), (110, Code::Ok));
}

#[test]
fn an_attempt_that_fails_has_the_next_made_at_once() {
    let scripts = [
        fails(10, Code::Unavailable),
        fails(500, Code::Ok),
        fails(5, Code::Ok),
    ];
    let seen = run(
        Repeats::Hedging(hedging()),
        &plenty(),
        10_000,
        false,
        &scripts,
    );
    assert_eq!(seen.attempts, [0, 10, 60]);
    assert_eq!((seen.end, seen.code), (65, Code::Ok));
}

#[test]
fn a_failure_does_not_end_a_call_while_another_attempt_is_under_way() {
    let scripts = [fails(500, Code::Ok), UNAVAILABLE, UNAVAILABLE];
    let seen = run(
        Repeats::Hedging(hedging()),
        &plenty(),
        10_000,
        false,
        &scripts,
    );
    assert_eq!((seen.end, seen.code), (500, Code::Ok));
    let scripts = [fails(500, Code::Aborted), UNAVAILABLE, UNAVAILABLE];
    let seen = run(
        Repeats::Hedging(hedging()),
        &plenty(),
        10_000,
        false,
        &scripts,
    );
    assert_eq!((seen.end, seen.code), (500, Code::Aborted));
}

#[test]
fn a_code_that_is_not_listed_ends_a_hedged_call_at_once() {
    let scripts = [fails(500, Code::Ok), fails(7, Code::NotFound)];
    let seen = run(
        Repeats::Hedging(hedging()),
        &plenty(),
        10_000,
        false,
        &scripts,
    );
    assert_eq!((seen.end, seen.code), (57, Code::NotFound));
}

#[test]
fn a_call_with_a_key_is_not_hedged() {
    let scripts = [fails(500, Code::Ok)];
    let seen = run(
        Repeats::Hedging(hedging()),
        &plenty(),
        10_000,
        true,
        &scripts,
    );
    assert_eq!((seen.attempts.len(), seen.end), (1, 500));
}

#[test]
fn a_hedge_is_not_made_while_the_budget_is_used_up_and_the_first_attempt_goes_on() {
    let tokens = Tokens::new(RetryBudget::new(2, 1.0));
    tokens.failed();
    let scripts = [fails(500, Code::Ok)];
    let seen = run(
        Repeats::Hedging(hedging()),
        &tokens,
        10_000,
        false,
        &scripts,
    );
    assert_eq!(
        (seen.attempts.len(), seen.end, seen.code),
        (1, 500, Code::Ok)
    );
    assert!(seen.held_back && tokens.allow());
}

#[test]
fn a_server_holds_hedges_back() {
    let later = Script {
        millis: 10,
        pushback: Some(Pushback::After(millis(200))),
        ..UNAVAILABLE
    };
    let scripts = [later, fails(500, Code::Ok), fails(1, Code::Ok)];
    let seen = run(
        Repeats::Hedging(hedging()),
        &plenty(),
        10_000,
        false,
        &scripts,
    );
    assert_eq!(seen.attempts, [0, 210, 260]);
    let never = Script {
        pushback: Some(Pushback::Never),
        ..later
    };
    let seen = run(
        Repeats::Hedging(hedging()),
        &plenty(),
        10_000,
        false,
        &[never],
    );
    assert_eq!((seen.attempts.len(), seen.end), (1, 10));
}

fn scripts() -> impl Strategy<Value = Vec<Script>> {
    let code = prop_oneof![
        4 => Just(Code::Unavailable),
        1 => Just(Code::Aborted),
        1 => Just(Code::DeadlineExceeded),
        1 => Just(Code::NotFound),
        1 => Just(Code::Ok),
    ];
    let pushback = prop_oneof![
        6 => Just(None),
        1 => Just(Some(Pushback::Never)),
        1 => (0..90_u64).prop_map(|time| Some(Pushback::After(millis(time)))),
    ];
    let script = (0..400_u64, code, pushback).prop_map(|(millis, code, pushback)| Script {
        millis,
        code,
        pushback,
    });
    proptest::collection::vec(script, 0..12)
}

fn policies() -> impl Strategy<Value = Repeats> {
    const CODES: &[Code] = &[Code::Unavailable, Code::Aborted, Code::DeadlineExceeded];
    let retry = (
        0..12_u32,
        0..200_u64,
        0..400_u64,
        1.0..4.0_f64,
        0.0..1.0_f64,
    )
        .prop_map(|(attempts, initial, longest, multiplier, jitter)| {
            let policy = RetryPolicy::new().attempts(attempts).codes(CODES);
            let policy = policy
                .initial_backoff(millis(initial))
                .max_backoff(millis(longest));
            Repeats::Retry(policy.multiplier(multiplier).jitter(jitter))
        });
    let hedging = (0..12_u32, 0..200_u64).prop_map(|(attempts, delay)| {
        let policy = HedgingPolicy::new().attempts(attempts).codes(CODES);
        Repeats::Hedging(policy.delay(millis(delay)))
    });
    prop_oneof![retry, hedging]
}

proptest! {
    #[test]
    fn every_call_ends_by_its_deadline_within_its_bounds(
        policy in policies(), timeout in 1..2_000_u64, keyed: bool, tokens in 1..9_u32, scripts in scripts()
    ) {
        let tokens = Tokens::new(RetryBudget::new(tokens, 0.5));
        let seen = run(policy, &tokens, timeout, keyed, &scripts);
        prop_assert!(seen.end <= timeout, "{seen:?}");
        prop_assert!(!seen.attempts.is_empty() && seen.attempts.len() <= policy.most() as usize);
        prop_assert!(seen.attempts.iter().all(|at| *at < timeout), "{seen:?}");
        if matches!(policy, Repeats::Retry(_)) {
            prop_assert!(seen.beside.iter().all(|open| *open == 0), "{seen:?}");
        } else if keyed {
            prop_assert_eq!(seen.attempts.len(), 1);
        }
    }

    #[test]
    fn nothing_follows_what_ends_a_call(policy in policies(), last in 0..12_usize, scripts in scripts()) {
        let mut scripts = scripts;
        let last = last.min(scripts.len());
        scripts.insert(last, fails(0, Code::NotFound));
        let seen = run(policy, &plenty(), 100_000, false, &scripts);
        prop_assert!(seen.attempts.len() <= last + 1, "{seen:?}");
    }

    #[test]
    fn attempts_are_spaced_by_the_policy(attempts in 2..9_u32, jitter in 0.0..1.0_f64) {
        let policy = retry().attempts(attempts).max_backoff(millis(300)).jitter(jitter);
        let seen = run(Repeats::Retry(policy), &plenty(), 100_000, false, &[UNAVAILABLE; 12]);
        prop_assert_eq!(seen.attempts.len(), attempts as usize);
        let pauses = seen.attempts.windows(2).map(|pair| (pair[1] - pair[0]) as f64);
        for (pause, plain) in pauses.zip([100.0, 200.0, 300.0].into_iter().chain(std::iter::repeat(300.0))) {
            let bounds = plain * (1.0 - jitter) - 2.0..=plain * (1.0 + jitter) + 2.0;
            prop_assert!(bounds.contains(&pause), "{pause} is not in {bounds:?}");
        }
    }
}

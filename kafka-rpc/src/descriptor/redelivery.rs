use std::time::Duration;

use crate::call::Code;

/// How often, and after which pauses, a server handles a call again that fails with certain codes.
///
/// It is for failures that pass: a database that is away for a moment. A call that waits for its next
/// attempt holds no permit and no other key up; calls with its own key wait for it. The deadline
/// that its caller has set bounds it: where there is no time left for the next attempt there is
/// none. [`Request::attempt`](crate::Request::attempt) tells the handler which one it is. What fails
/// at all attempts becomes a [dead letter](crate::DeadLetters), and its caller gets the last status.
///
/// For methods that are handled `AT_LEAST_ONCE` and have no streams: their handlers have to bear
/// running twice anyway.
///
/// ```
/// use std::time::Duration;
/// use kafka_rpc::{Code, Redelivery};
///
/// let policy = Redelivery::new()
///     .attempts(5)
///     .initial_backoff(Duration::from_millis(50))
///     .codes(&[Code::Unavailable, Code::Aborted]);
/// # let _ = policy;
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Redelivery {
    attempts: u32,
    initial_backoff: Duration,
    max_backoff: Duration,
    multiplier: f64,
    jitter: f64,
    /// A bit for each code.
    codes: u32,
}

impl Default for Redelivery {
    fn default() -> Self {
        Self::new()
    }
}

impl Redelivery {
    /// 4 attempts with 200 ms, 400 ms and 800 ms between them, each 20 % longer or shorter by
    /// chance, where a handler fails with [`Code::Unavailable`].
    pub const fn new() -> Self {
        Self {
            attempts: 4,
            initial_backoff: Duration::from_millis(200),
            max_backoff: Duration::from_secs(10),
            multiplier: 2.0,
            jitter: 0.2,
            codes: bit(Code::Unavailable),
        }
    }

    /// How often a call is handled at most, the first time among them. At least 1; 4 by default.
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = if attempts > 0 { attempts } else { 1 };
        self
    }

    /// The pause before the second attempt. 200 ms by default.
    pub const fn initial_backoff(mut self, pause: Duration) -> Self {
        self.initial_backoff = pause;
        self
    }

    /// The longest pause. 10 s by default.
    pub const fn max_backoff(mut self, pause: Duration) -> Self {
        self.max_backoff = pause;
        self
    }

    /// How much longer each pause is than the one before. At least 1; 2 by default.
    pub const fn multiplier(mut self, factor: f64) -> Self {
        self.multiplier = if factor >= 1.0 { factor } else { 1.0 };
        self
    }

    /// By which part of itself a pause may be longer or shorter, by chance, so that calls that failed
    /// together are not repeated together. From 0 to 1; 0.2 by default.
    pub const fn jitter(mut self, part: f64) -> Self {
        self.jitter = if part > 1.0 {
            1.0
        } else if part >= 0.0 {
            part
        } else {
            0.0
        };
        self
    }

    /// The codes of the failures that are handled again. [`Code::Unavailable`] by default.
    pub const fn codes(mut self, mut codes: &[Code]) -> Self {
        self.codes = 0;
        while let [code, rest @ ..] = codes {
            self.codes |= bit(*code);
            codes = rest;
        }
        self
    }

    pub(crate) fn retries(&self, code: Code) -> bool {
        self.codes & bit(code) != 0
    }

    /// The pause after so many attempts; `None` where there shall be no more. What is chance is drawn
    /// from the seed.
    pub(crate) fn backoff(&self, attempts: u32, seed: u64) -> Option<Duration> {
        if attempts >= self.attempts {
            return None;
        }
        let exponent = i32::try_from(attempts.saturating_sub(1)).unwrap_or(i32::MAX);
        let longest = self.max_backoff.as_secs_f64();
        let pause = self.initial_backoff.as_secs_f64() * self.multiplier.powi(exponent);
        let chance = chance(seed ^ u64::from(attempts).rotate_right(8));
        let pause = pause.min(longest) * (1.0 + self.jitter * (2.0 * chance - 1.0));
        Duration::try_from_secs_f64(pause)
            .ok()
            .or(Some(self.max_backoff))
    }
}

const fn bit(code: Code) -> u32 {
    1 << code as u32
}

/// A number from 0 to 1 that looks as if it were drawn by chance: one step of SplitMix64.
fn chance(seed: u64) -> f64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest() {
        let policy = Redelivery::new()
            .attempts(5)
            .initial_backoff(Duration::from_secs(1))
            .max_backoff(Duration::from_secs(3))
            .jitter(0.0);
        let pauses: Vec<_> = (1..=5)
            .map(|attempts| policy.backoff(attempts, 0))
            .collect();
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(
            pauses,
            [seconds(1), seconds(2), seconds(3), seconds(3), None]
        );
    }

    #[test]
    fn only_the_codes_that_are_named_are_handled_again() {
        assert!(Redelivery::new().retries(Code::Unavailable));
        let aborted = Redelivery::new().codes(&[Code::Aborted]);
        assert!(aborted.retries(Code::Aborted) && !aborted.retries(Code::Unavailable));
    }

    proptest! {
        #[test]
        fn a_pause_is_within_its_jitter(attempts in 1..9_u32, seed: u64) {
            let policy = Redelivery::new().attempts(9).initial_backoff(Duration::from_secs(1)).multiplier(1.0);
            if let Some(pause) = policy.backoff(attempts, seed) {
                let seconds = pause.as_secs_f64();
                prop_assert!((0.8..=1.2).contains(&seconds), "{seconds}");
            }
        }

        #[test]
        fn no_policy_makes_a_pause_that_can_not_be(
            attempts: u32, seed: u64, initial: u64, longest: u64, multiplier: f64, jitter: f64
        ) {
            let policy = Redelivery::new()
                .attempts(u32::MAX)
                .initial_backoff(Duration::from_secs(initial))
                .max_backoff(Duration::from_secs(longest))
                .multiplier(multiplier)
                .jitter(jitter);
            policy.backoff(attempts, seed);
        }
    }
}

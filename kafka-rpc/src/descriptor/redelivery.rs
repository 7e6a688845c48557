use std::time::Duration;

use super::backoff::Backoff;
use super::codes::Codes;
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
    backoff: Backoff,
    codes: Codes,
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
            backoff: Backoff {
                initial: Duration::from_millis(200),
                longest: Duration::from_secs(10),
                multiplier: 2.0,
                jitter: 0.2,
            },
            codes: Codes::of(&[Code::Unavailable]),
        }
    }

    /// How often a call is handled at most, the first time among them. At least 1; 4 by default.
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = if attempts > 0 { attempts } else { 1 };
        self
    }

    /// The pause before the second attempt. 200 ms by default.
    pub const fn initial_backoff(mut self, pause: Duration) -> Self {
        self.backoff.initial = pause;
        self
    }

    /// The longest pause. 10 s by default.
    pub const fn max_backoff(mut self, pause: Duration) -> Self {
        self.backoff.longest = pause;
        self
    }

    /// How much longer each pause is than the one before. At least 1; 2 by default.
    pub const fn multiplier(mut self, factor: f64) -> Self {
        self.backoff = self.backoff.multiplied_by(factor);
        self
    }

    /// By which part of itself a pause may be longer or shorter, by chance, so that calls that failed
    /// together are not repeated together. From 0 to 1; 0.2 by default.
    pub const fn jitter(mut self, part: f64) -> Self {
        self.backoff = self.backoff.jittered_by(part);
        self
    }

    /// The codes of the failures that are handled again. [`Code::Unavailable`] by default.
    pub const fn codes(mut self, codes: &[Code]) -> Self {
        self.codes = Codes::of(codes);
        self
    }

    pub(crate) fn retries(&self, code: Code) -> bool {
        self.codes.contains(code)
    }

    /// The pause after so many attempts; `None` where there shall be no more. What is chance is drawn
    /// from the seed.
    pub(crate) fn backoff(&self, attempts: u32, seed: u64) -> Option<Duration> {
        let more = attempts < self.attempts;
        more.then(|| self.backoff.pause(attempts.saturating_sub(1), seed))
    }
}

#[cfg(test)]
mod tests {
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
}

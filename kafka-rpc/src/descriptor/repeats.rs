use std::time::Duration;

use super::backoff::Backoff;
use super::codes::Codes;
use crate::call::Code;

/// The most attempts that a policy makes, whatever it is set to.
const MOST: u32 = 10;

/// How a client repeats the calls of a method.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Repeats {
    /// One attempt after the other, as long as they fail.
    Retry(RetryPolicy),
    /// Several attempts at a time, of which the first good one counts.
    Hedging(HedgingPolicy),
}

/// How often, and after which pauses, a client makes a call again that failed with certain codes.
///
/// The names and meanings are those of gRPC's retry policies. All attempts share the call's deadline:
/// one that would begin after it is not made. A server can set the pause, or end the attempts, by
/// [`Status::set_pushback`](crate::Status::set_pushback), and the channel's
/// [`RetryBudget`](crate::RetryBudget) bounds how many calls are made again. Each attempt is a request
/// of its own, and tells by `grpc-previous-rpc-attempts` in its metadata how many came before it.
///
/// With [`Code::Unavailable`], which is also the code of a request that was lost on its way, the attempt
/// before may have taken effect, or may yet. So a policy is for methods that may be repeated, or for
/// codes by which the handler says that it did nothing.
///
/// ```
/// use std::time::Duration;
/// use kafka_rpc::{Code, RetryPolicy};
///
/// const POLICY: RetryPolicy = RetryPolicy::new()
///     .attempts(5)
///     .initial_backoff(Duration::from_millis(20))
///     .codes(&[Code::Unavailable, Code::Aborted]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct RetryPolicy {
    attempts: u32,
    backoff: Backoff,
    codes: Codes,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl RetryPolicy {
    /// 3 attempts with 100 ms and 200 ms between them, each 20 % longer or shorter by chance, where a
    /// call fails with [`Code::Unavailable`].
    pub const fn new() -> Self {
        Self {
            attempts: 3,
            backoff: Backoff {
                initial: Duration::from_millis(100),
                longest: Duration::from_secs(5),
                multiplier: 2.0,
                jitter: 0.2,
            },
            codes: Codes::of(&[Code::Unavailable]),
        }
    }

    /// How many attempts are made at most, the first one among them. 1, which is no retry, to 10;
    /// 3 by default.
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = within(attempts);
        self
    }

    /// The pause before the second attempt. 100 ms by default.
    pub const fn initial_backoff(mut self, pause: Duration) -> Self {
        self.backoff.initial = pause;
        self
    }

    /// The longest pause, but for its jitter. 5 s by default.
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
    /// together are not repeated together. 0 to 1; 0.2 by default.
    pub const fn jitter(mut self, part: f64) -> Self {
        self.backoff = self.backoff.jittered_by(part);
        self
    }

    /// The codes of the failures after which a call is made again. [`Code::Unavailable`] by default.
    pub const fn codes(mut self, codes: &[Code]) -> Self {
        self.codes = Codes::of(codes);
        self
    }

    pub(crate) const fn backoff(&self) -> &Backoff {
        &self.backoff
    }
}

/// How many attempts at a call a client makes at a time, for the first good one to count.
///
/// It buys short times at the slow end with more requests: where the first attempt has no answer after
/// the delay, a second one is sent, as a rule to another partition and so to another server. The
/// first attempt that ends well, or with a code that is not listed, ends the call, and the others
/// are cancelled. Only for methods that are `NO_SIDE_EFFECTS`, have no streams and go to one
/// instance. A call that has a key is not hedged: the second attempt would wait for the first.
///
/// The names and meanings are those of gRPC's hedging policies. The channel's
/// [`RetryBudget`](crate::RetryBudget) and [`Status::set_pushback`](crate::Status::set_pushback) hold
/// hedges back as they do retries.
///
/// ```
/// use std::time::Duration;
/// use kafka_rpc::{Code, HedgingPolicy};
///
/// const POLICY: HedgingPolicy = HedgingPolicy::new()
///     .delay(Duration::from_millis(30))
///     .codes(&[Code::Unavailable]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct HedgingPolicy {
    attempts: u32,
    delay: Duration,
    codes: Codes,
}

impl Default for HedgingPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl HedgingPolicy {
    /// 2 attempts, the second one after 100 ms, or at once where the first failed with
    /// [`Code::Unavailable`].
    pub const fn new() -> Self {
        Self {
            attempts: 2,
            delay: Duration::from_millis(100),
            codes: Codes::of(&[Code::Unavailable]),
        }
    }

    /// How many attempts are made at most, the first one among them. 1, which is no hedge, to 10;
    /// 2 by default.
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = within(attempts);
        self
    }

    /// The time between an attempt and the next. About what 95 % of calls take is a good one. 100 ms
    /// by default; with zero, all are made at once.
    pub const fn delay(mut self, time: Duration) -> Self {
        self.delay = time;
        self
    }

    /// The codes that do not end the call while there are other attempts: one that fails with them has
    /// the next one made at once. [`Code::Unavailable`] by default.
    pub const fn codes(mut self, codes: &[Code]) -> Self {
        self.codes = Codes::of(codes);
        self
    }

    pub(crate) const fn pause(&self) -> Duration {
        self.delay
    }
}

impl Repeats {
    /// How many attempts are made at most.
    pub(crate) const fn most(&self) -> u32 {
        match self {
            Self::Retry(policy) => policy.attempts,
            Self::Hedging(policy) => policy.attempts,
        }
    }

    /// Whether there may be other attempts after one that failed with a code.
    pub(crate) const fn goes_on_after(&self, code: Code) -> bool {
        match self {
            Self::Retry(policy) => policy.codes.contains(code),
            Self::Hedging(policy) => policy.codes.contains(code),
        }
    }
}

const fn within(attempts: u32) -> u32 {
    match attempts {
        0 => 1,
        more if more > MOST => MOST,
        fine => fine,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_keep_within_their_bounds() {
        let most = |attempts| {
            let retry = Repeats::Retry(RetryPolicy::new().attempts(attempts));
            let hedging = Repeats::Hedging(HedgingPolicy::new().attempts(attempts));
            (retry.most(), hedging.most())
        };
        assert_eq!(most(0), (1, 1));
        assert_eq!(most(7), (7, 7));
        assert_eq!(most(u32::MAX), (10, 10));
    }

    #[test]
    fn a_policy_is_a_constant() {
        const RETRY: Repeats = Repeats::Retry(
            RetryPolicy::new()
                .multiplier(0.5)
                .jitter(7.0)
                .codes(&[Code::Aborted]),
        );
        assert!(RETRY.goes_on_after(Code::Aborted) && !RETRY.goes_on_after(Code::Unavailable));
        let Repeats::Retry(policy) = RETRY else {
            unreachable!("it is one")
        };
        assert_eq!(
            (policy.backoff.multiplier, policy.backoff.jitter),
            (1.0, 1.0)
        );
    }
}

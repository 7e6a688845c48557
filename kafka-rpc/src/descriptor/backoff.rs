use std::time::Duration;

use crate::random::split_mix;

/// How long to wait before each further attempt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Backoff {
    pub(crate) initial: Duration,
    pub(crate) longest: Duration,
    /// At least 1.
    pub(crate) multiplier: f64,
    /// By which part of itself a pause may be longer or shorter: 0 to 1.
    pub(crate) jitter: f64,
}

impl Backoff {
    pub(crate) const fn multiplied_by(mut self, factor: f64) -> Self {
        self.multiplier = if factor >= 1.0 { factor } else { 1.0 };
        self
    }

    pub(crate) const fn jittered_by(mut self, part: f64) -> Self {
        self.jitter = if part > 1.0 {
            1.0
        } else if part >= 0.0 {
            part
        } else {
            0.0
        };
        self
    }

    /// The pause behind so many others. What is chance is drawn from the seed.
    pub(crate) fn pause(&self, before: u32, seed: u64) -> Duration {
        let exponent = i32::try_from(before).unwrap_or(i32::MAX);
        let grown = self.initial.as_secs_f64() * self.multiplier.powi(exponent);
        let chance = chance(seed ^ u64::from(before).rotate_right(8));
        let part = 1.0 + self.jitter * (2.0 * chance - 1.0);
        let pause = grown.min(self.longest.as_secs_f64()) * part;
        Duration::try_from_secs_f64(pause).unwrap_or(self.longest)
    }
}

/// A number from 0 to 1 that looks as if it were drawn by chance.
fn chance(mut seed: u64) -> f64 {
    split_mix(&mut seed) as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(initial: u64, longest: u64, multiplier: f64, jitter: f64) -> Backoff {
        let backoff = Backoff {
            initial: Duration::from_secs(initial),
            longest: Duration::from_secs(longest),
            multiplier: 1.0,
            jitter: 0.0,
        };
        backoff.multiplied_by(multiplier).jittered_by(jitter)
    }

    #[test]
    fn pauses_grow_up_to_the_longest() {
        let backoff = seconds(1, 3, 2.0, 0.0);
        let pauses = [0, 1, 2, 3].map(|before| backoff.pause(before, 7).as_secs());
        assert_eq!(pauses, [1, 2, 3, 3]);
    }

    proptest! {
        #[test]
        fn a_pause_is_within_its_jitter(before in 0..9_u32, seed: u64) {
            let pause = seconds(1, 9, 1.0, 0.2).pause(before, seed).as_secs_f64();
            prop_assert!((0.8..=1.2).contains(&pause), "{pause}");
        }

        #[test]
        fn no_numbers_make_a_pause_that_can_not_be(
            before: u32, seed: u64, initial: u64, longest: u64, multiplier: f64, jitter: f64
        ) {
            seconds(initial, longest, multiplier, jitter).pause(before, seed);
        }
    }
}

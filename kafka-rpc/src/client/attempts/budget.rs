//! How many of a channel's calls may be repeated.

use std::sync::atomic::{AtomicU32, Ordering};

/// Bounds how many calls of a channel are repeated, so that a system that is down is not kept down by
/// retries: gRPC's retry throttling.
///
/// The channel has a number of tokens. Each attempt that fails, under a retry or hedging policy and with
/// one of its codes, costs one; each that ends well gives the ratio back. Nothing is repeated while
/// half of the tokens or less are left. With a ratio of 0.1, which is the default, about one call in
/// ten may be repeated for long.
///
/// ```
/// use kafka_rpc::RetryBudget;
///
/// let budget = RetryBudget::new(10, 0.5);
/// let none = RetryBudget::unlimited();
/// # let _ = (budget, none);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryBudget {
    /// Both in thousandths of a token; without a bound where there are none.
    tokens: u32,
    ratio: u32,
}

impl Default for RetryBudget {
    /// 100 tokens, and a ratio of 0.1.
    fn default() -> Self {
        Self::new(100, 0.1)
    }
}

impl RetryBudget {
    /// A budget of so many tokens, 1 to 1,000, of which each good attempt gives `ratio` back, 0.001 or
    /// more. What lies outside counts as what is nearest.
    pub fn new(tokens: u32, ratio: f64) -> Self {
        Self {
            tokens: tokens.clamp(1, 1_000) * 1_000,
            ratio: (ratio * 1_000.0).clamp(1.0, 1_000_000.0) as u32,
        }
    }

    /// No bound but those of the policies.
    pub const fn unlimited() -> Self {
        Self {
            tokens: 0,
            ratio: 0,
        }
    }
}

/// What is left of a budget.
pub(in crate::client) struct Tokens {
    budget: RetryBudget,
    left: AtomicU32,
}

impl Tokens {
    pub(in crate::client) fn new(budget: RetryBudget) -> Self {
        Self {
            budget,
            left: AtomicU32::new(budget.tokens),
        }
    }

    /// Whether a call may be repeated.
    pub(super) fn allow(&self) -> bool {
        self.budget.tokens == 0 || self.left.load(Ordering::Relaxed) > self.budget.tokens / 2
    }

    pub(super) fn failed(&self) {
        self.change(|left| left.saturating_sub(1_000));
    }

    pub(super) fn ended_well(&self) {
        let RetryBudget { tokens, ratio } = self.budget;
        self.change(|left| (left + ratio).min(tokens));
    }

    fn change(&self, change: impl Fn(u32) -> u32) {
        let changed = |left| Some(change(left)).filter(|changed| *changed != left);
        // Where it stays as it is there is nothing to write.
        let _same = (self.left).fetch_update(Ordering::Relaxed, Ordering::Relaxed, changed);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_is_repeated_while_half_of_the_tokens_are_gone() {
        let tokens = Tokens::new(RetryBudget::new(4, 0.5));
        tokens.failed();
        assert!(tokens.allow(), "3 of 4 are left");
        tokens.failed();
        assert!(!tokens.allow(), "2 of 4 are left");
        tokens.ended_well();
        assert!(tokens.allow(), "2.5 of 4 are left");
    }

    #[test]
    fn a_budget_without_a_bound_allows_all() {
        let tokens = Tokens::new(RetryBudget::unlimited());
        for _ in 0..1_000 {
            tokens.failed();
        }
        assert!(tokens.allow());
    }

    #[test]
    fn what_can_not_be_is_taken_for_what_is_nearest() {
        assert_eq!(RetryBudget::new(0, -1.0), RetryBudget::new(1, 0.001));
        assert_eq!(
            RetryBudget::new(9_999, f64::MAX),
            RetryBudget::new(1_000, 1e3)
        );
        Tokens::new(RetryBudget::new(7, f64::NAN)).ended_well();
    }

    proptest! {
        #[test]
        fn there_are_never_more_tokens_than_the_budget_has(
            size in 1..9_u32, ratio in 0.0..3.0_f64, good in proptest::collection::vec(any::<bool>(), 0..99)
        ) {
            let tokens = Tokens::new(RetryBudget::new(size, ratio));
            let mut left = f64::from(size);
            for good in good {
                match good {
                    true => tokens.ended_well(),
                    false => tokens.failed(),
                }
                let ratio = f64::from(tokens.budget.ratio) / 1_000.0;
                left = if good { left + ratio } else { left - 1.0 }.clamp(0.0, f64::from(size));
                prop_assert!((f64::from(tokens.left.load(Ordering::Relaxed)) - left * 1_000.0).abs() < 1.0);
            }
        }
    }
}

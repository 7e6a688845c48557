use std::ops::Range;
use std::time::Duration;

use crate::random::split_mix;

/// Chooses at random, from a seed.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The same seed gives the same choices.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        split_mix(&mut self.0)
    }

    /// A number of the range; its start where that is empty.
    pub fn of(&mut self, range: Range<u64>) -> u64 {
        let span = range.end.saturating_sub(range.start).max(1);
        range.start + self.any() % span
    }

    /// An index of something so long.
    pub fn index(&mut self, len: usize) -> usize {
        (self.any() % (len.max(1) as u64)) as usize
    }

    /// So many milliseconds.
    pub fn millis(&mut self, range: Range<u64>) -> Duration {
        Duration::from_millis(self.of(range))
    }

    /// True in so many cases of a thousand.
    pub fn permille(&mut self, cases: u64) -> bool {
        self.of(0..1_000) < cases
    }

    /// Another source of choices, which goes its own way.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        Self(self.any())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_chooses_the_same_and_within_the_range() {
        let choices = |seed| {
            let mut chance = Chance::new(seed);
            (0..1_000).map(|_| chance.of(3..10)).collect::<Vec<_>>()
        };
        assert_eq!(choices(7), choices(7));
        assert_ne!(choices(7), choices(8));
        assert!((3..10).all(|number| choices(7).contains(&number)));
        assert!(choices(7).iter().all(|choice| (3..10).contains(choice)));
    }
}

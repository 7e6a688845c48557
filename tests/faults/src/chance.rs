//! What is chosen at random, from a seed.

use std::ops::Range;
use std::time::Duration;

/// SplitMix64, by Steele, Lea and Flood: the same seed gives the same choices everywhere.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number of the range, which must not be empty.
    pub(crate) fn of(&mut self, range: Range<usize>) -> usize {
        let span = (range.end - range.start).max(1) as u64;
        range.start + (self.next() % span) as usize
    }

    /// From so many milliseconds to as many.
    pub(crate) fn millis(&mut self, range: Range<usize>) -> Duration {
        Duration::from_millis(self.of(range) as u64)
    }

    /// True in so many cases of a hundred.
    pub(crate) fn percent(&mut self, of_hundred: usize) -> bool {
        self.of(0..100) < of_hundred
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
        assert!(choices(7).iter().all(|choice| (3..10).contains(choice)));
        assert!((3..10).all(|number| choices(7).contains(&number)));
    }
}

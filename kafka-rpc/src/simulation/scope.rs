use std::cell::RefCell;
use std::hash::BuildHasher;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use foldhash::fast::{FixedState, FoldHasher, RandomState};
use tokio::time::Instant;
use uuid::{Builder, Uuid};

use super::Chance;

/// When simulations begin by the wall clock: the first of January 2026.
const BEGINNING: Duration = Duration::from_secs(1_767_225_600);

thread_local! {
    static OUTSIDE: RefCell<Option<Outside>> = const { RefCell::new(None) };
}

/// What a simulation has in place of the outside.
struct Outside {
    ids: Chance,
    hashes: u64,
    began: Instant,
}

/// As long as this lives, what would come from outside of this thread comes from a seed.
#[derive(Debug)]
pub struct Scope(());

impl Scope {
    /// Within a runtime whose clock is paused.
    pub fn enter(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let outside = Outside {
            hashes: chance.any(),
            ids: chance,
            began: Instant::now(),
        };
        OUTSIDE.with_borrow_mut(|present| *present = Some(outside));
        Self(())
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        OUTSIDE.with_borrow_mut(|present| *present = None);
    }
}

/// The time, in a simulation.
pub(crate) fn wall_clock() -> Option<SystemTime> {
    OUTSIDE.with_borrow(|outside| {
        let began = outside.as_ref()?.began;
        Some(UNIX_EPOCH + BEGINNING + began.elapsed())
    })
}

/// Random bits, in a simulation.
pub(crate) fn random_id() -> Option<Uuid> {
    OUTSIDE.with_borrow_mut(|outside| {
        let ids = &mut outside.as_mut()?.ids;
        let bits = u128::from(ids.any()) << 64 | u128::from(ids.any());
        Some(Builder::from_random_bytes(bits.to_be_bytes()).into_uuid())
    })
}

/// As foldhash's that is seeded at random, but in a simulation by its seed.
#[derive(Clone, Debug)]
pub(crate) struct Hasher(FixedState);

impl Default for Hasher {
    fn default() -> Self {
        let seed = OUTSIDE.with_borrow(|outside| outside.as_ref().map(|outside| outside.hashes));
        let seed = seed.unwrap_or_else(|| RandomState::default().hash_one(0));
        Self(FixedState::with_seed(seed))
    }
}

impl BuildHasher for Hasher {
    type Hasher = FoldHasher<'static>;

    fn build_hasher(&self) -> Self::Hasher {
        self.0.build_hasher()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outside;

    fn outside() -> (SystemTime, Uuid, u64) {
        let hash = Hasher::default().hash_one("key");
        (outside::wall_clock(), outside::random_id(), hash)
    }

    #[tokio::test(start_paused = true)]
    async fn a_seed_gives_all_that_comes_from_outside() {
        let first = {
            let _scope = Scope::enter(7);
            outside()
        };
        tokio::time::sleep(Duration::from_secs(1)).await;
        let again = {
            let _scope = Scope::enter(7);
            outside()
        };
        assert_eq!(first, again);
        let other = {
            let _scope = Scope::enter(8);
            outside()
        };
        assert!(first.1 != other.1 && first.2 != other.2);
        assert_eq!(first.1.get_version_num(), 4);
        assert_ne!(outside().1, outside().1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_wall_clock_goes_with_the_paused_one() {
        let _scope = Scope::enter(7);
        let before = outside::wall_clock();
        tokio::time::sleep(Duration::from_secs(3)).await;
        let passed = outside::wall_clock().duration_since(before).unwrap();
        assert_eq!(passed.as_secs(), 3);
    }
}

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// How long calls go to one partition before it is the next one's turn.
const STAY: Duration = Duration::from_millis(1);

/// Spreads calls without a key over partitions, in turn: those that are made at nearly the same time go
/// to the same one, since a batch of records is of one partition, and costs nearly the same however many
/// there are in it. Calls that are further apart go to one each.
#[derive(Debug)]
pub(super) struct Spread {
    since: Instant,
    /// The turn, and above it when it began.
    turn: AtomicU64,
}

const TURN_BITS: u32 = 32;

impl Spread {
    pub(super) fn new(first: u32) -> Self {
        Self {
            since: Instant::now(),
            turn: AtomicU64::new(first.into()),
        }
    }

    /// Whose turn it is.
    pub(super) fn turn(&self) -> u32 {
        let stays = self.since.elapsed().as_micros() / STAY.as_micros();
        // The first of all is not the same as none.
        let now = (stays as u64 + 1) << TURN_BITS;
        let last = self.turn.load(Ordering::Relaxed);
        let turn = last as u32;
        if last >> TURN_BITS == now >> TURN_BITS {
            return turn;
        }
        let next = turn.wrapping_add(1);
        let changed = self.turn.compare_exchange(
            last,
            now | u64::from(next),
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        // Another may have been faster, within the same moment.
        changed.map_or_else(|found| found as u32, |_| next)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn calls_at_the_same_time_share_a_turn_and_others_do_not() {
        let spread = Spread::new(7);
        assert_eq!([spread.turn(), spread.turn()], [8, 8]);
        advance(STAY).await;
        assert_eq!([spread.turn(), spread.turn()], [9, 9]);
        advance(STAY * 100).await;
        assert_eq!(spread.turn(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn after_the_last_turn_comes_the_first() {
        let spread = Spread::new(u32::MAX);
        assert_eq!(spread.turn(), 0);
    }
}

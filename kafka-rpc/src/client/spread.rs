use parking_lot::Mutex;
use tokio::time::Instant;

use crate::pace::Pace;

/// From so many calls on, of which those of each earlier window count half as much, the next share turns.
const STEADY: u32 = 4;
/// The most calls of one turn: what one server is given before it is another's turn.
const MOST: u32 = 128;

/// Spreads calls without a key over partitions, in turn.
///
/// While calls come steadily, those that are made at nearly the same time go to the same partition: a
/// batch of records is of one, and costs nearly the same however many there are in it. Few calls, and
/// those of a sudden burst, go to a partition each, so that all servers have their share of them.
#[derive(Debug)]
pub(super) struct Spread(Mutex<Turns>);

#[derive(Debug)]
struct Turns {
    turn: u32,
    /// Of the turn, while turns are shared.
    calls: u32,
    pace: Pace,
}

/// Whose turn a call is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    pub(super) number: u32,
    /// Whether calls come so fast that one gains by waiting a moment for others.
    pub(super) dense: bool,
}

impl Spread {
    pub(super) fn new(first: u32) -> Self {
        Self(Mutex::new(Turns {
            turn: first,
            calls: 0,
            pace: Pace::new(),
        }))
    }

    /// Whose turn it is.
    pub(super) fn turn(&self, now: Instant) -> Turn {
        self.0.lock().next(now)
    }

    /// Whose turn it is of what lasts: not the one before's.
    pub(super) fn own_turn(&self) -> Turn {
        Turn {
            number: self.0.lock().advance(),
            dense: false,
        }
    }
}

impl Turns {
    fn next(&mut self, now: Instant) -> Turn {
        if self.pace.count(1, now) || !self.pace.is_at_least(STEADY) || self.calls >= MOST {
            self.advance();
        }
        self.calls += 1;
        Turn {
            number: self.turn,
            dense: self.pace.is_dense(),
        }
    }

    fn advance(&mut self) -> u32 {
        self.turn = self.turn.wrapping_add(1);
        self.calls = 0;
        self.turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pace::WINDOW;

    /// The turns of so many calls at this time.
    fn calls(turns: &Spread, at: Instant, count: usize) -> Vec<u32> {
        let mut turns = turns.0.lock();
        (0..count).map(|_| turns.next(at).number).collect()
    }

    #[test]
    fn few_calls_and_a_sudden_burst_go_to_a_partition_each() {
        let spread = Spread::new(7);
        let start = Instant::now();
        for (call, turn) in (8..20).enumerate() {
            let at = start + WINDOW * call as u32;
            assert_eq!(calls(&spread, at, 1), [turn]);
        }
        let later = start + WINDOW * 100;
        assert_eq!(calls(&spread, later, 100), (20..120).collect::<Vec<_>>());
    }

    #[test]
    fn calls_that_come_steadily_share_turns() {
        let spread = Spread::new(0);
        let start = Instant::now();
        assert_eq!(calls(&spread, start, 5), [1, 2, 3, 4, 5]);
        assert_eq!(calls(&spread, start + WINDOW, 5), [6; 5]);
        assert_eq!(calls(&spread, start + WINDOW * 2, 1), [7]);
        // They come in gusts.
        assert_eq!(calls(&spread, start + WINDOW * 4, 3), [8; 3]);
        // After a rest it is a sudden burst.
        assert_eq!(calls(&spread, start + WINDOW * 20, 3), [9, 10, 11]);
    }

    #[test]
    fn a_turn_has_no_more_than_the_most() {
        let spread = Spread::new(0);
        let start = Instant::now();
        calls(&spread, start, STEADY as usize);
        let turns = calls(&spread, start + WINDOW, 3 * MOST as usize);
        for (call, turn) in turns.iter().enumerate() {
            assert_eq!(*turn, STEADY + 1 + call as u32 / MOST);
        }
    }

    #[test]
    fn what_lasts_has_a_turn_of_its_own_and_after_the_last_comes_the_first() {
        let spread = Spread::new(u32::MAX - 1);
        let turns = [(); 3].map(|()| spread.own_turn().number);
        assert_eq!(turns, [u32::MAX, 0, 1]);
    }
}

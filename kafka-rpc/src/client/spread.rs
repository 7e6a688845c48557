use parking_lot::Mutex;
use tokio::time::Instant;

use crate::pace::Pace;

/// From so many calls in a window on, those of the next share turns.
const STEADY: f32 = 2.0;
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

    /// The turns of so many windows, in each of which so many calls come.
    fn windows(turns: &Spread, from: Instant, windows: u32, each: usize) -> Vec<Vec<u32>> {
        let window = |index| calls(turns, from + WINDOW * index, each);
        (0..windows).map(window).collect()
    }

    #[test]
    fn few_calls_and_a_sudden_burst_go_to_a_partition_each() {
        let spread = Spread::new(7);
        let start = Instant::now();
        let few = windows(&spread, start, 12, 1);
        assert_eq!(few.concat(), (8..20).collect::<Vec<_>>());
        let later = start + WINDOW * 100;
        assert_eq!(calls(&spread, later, 100), (20..120).collect::<Vec<_>>());
    }

    #[test]
    fn calls_that_come_steadily_share_turns() {
        let spread = Spread::new(0);
        let start = Instant::now();
        windows(&spread, start, 20, 5);
        let steady = windows(&spread, start + WINDOW * 20, 3, 5);
        for (turns, next) in steady.iter().zip(&steady[1..]) {
            assert_eq!(turns, &[turns[0]; 5]);
            assert_eq!(next[0], turns[0] + 1);
        }
        // They come in gusts.
        let gust = calls(&spread, start + WINDOW * 25, 3);
        assert_eq!(gust, [steady[2][0] + 1; 3]);
        // After a rest it is a sudden burst.
        let burst = calls(&spread, start + WINDOW * 60, 2);
        assert_eq!(burst, [gust[0] + 1, gust[0] + 2]);
    }

    #[test]
    fn a_turn_has_no_more_than_the_most() {
        let spread = Spread::new(0);
        let start = Instant::now();
        windows(&spread, start, 20, 50);
        let turns = calls(&spread, start + WINDOW * 20, 3 * MOST as usize);
        for (call, turn) in turns.iter().enumerate() {
            assert_eq!(*turn, turns[0] + call as u32 / MOST);
        }
    }

    #[test]
    fn what_lasts_has_a_turn_of_its_own_and_after_the_last_comes_the_first() {
        let spread = Spread::new(u32::MAX - 1);
        let turns = [(); 3].map(|()| spread.own_turn().number);
        assert_eq!(turns, [u32::MAX, 0, 1]);
    }
}

//! How fast something comes.

use std::time::Duration;

use tokio::time::Instant;

/// How long what comes is counted together.
pub(crate) const WINDOW: Duration = Duration::from_millis(1);
/// After so long without anything, what came before tells nothing.
const REST: Duration = Duration::from_millis(8);
/// From so many on, of which those of each earlier window count half as much, one may wait for others a
/// moment: it is with dozens of them then. That is some 80,000 a second.
const DENSE: u32 = 160;

/// Counts what comes in windows of a millisecond.
#[derive(Debug)]
pub(crate) struct Pace {
    /// When the window began, and what came in it.
    begun: Instant,
    counted: u32,
    /// What came in the windows before, of each half as much as of the next.
    before: u32,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self {
            begun: Instant::now(),
            counted: 0,
            before: 0,
        }
    }

    /// Counts so many that come at this time. True where a window begins with them.
    pub(crate) fn count(&mut self, many: u32, now: Instant) -> bool {
        let since = now.saturating_duration_since(self.begun);
        let begins = since >= WINDOW;
        if begins {
            self.before = match since < REST {
                true => (self.before / 2).saturating_add(self.counted),
                false => 0,
            };
            self.counted = 0;
            self.begun = now;
        }
        self.counted = self.counted.saturating_add(many);
        begins
    }

    /// Whether so many came before the window.
    pub(crate) fn is_at_least(&self, many: u32) -> bool {
        self.before >= many
    }

    /// Whether they come so fast that one gains by waiting a moment for others.
    pub(crate) fn is_dense(&self) -> bool {
        self.is_at_least(DENSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether it is dense in each of so many windows, in which so many come.
    fn dense(pace: &mut Pace, from: Instant, windows: u32, many: u32) -> Vec<bool> {
        let mut window = |index| {
            pace.count(many, from + WINDOW * index);
            pace.is_dense()
        };
        (0..windows).map(&mut window).collect()
    }

    #[test]
    fn it_takes_some_windows_to_be_dense_and_some_to_be_so_no_more() {
        let mut pace = Pace::new();
        let start = Instant::now() + WINDOW;
        // 100, 150, 175 …
        let begins = dense(&mut pace, start, 5, 100);
        assert_eq!(begins, [false, false, false, true, true]);
        // 193, 106 …
        let ends = dense(&mut pace, start + WINDOW * 5, 3, 10);
        assert_eq!(ends, [true, false, false]);
    }

    #[test]
    fn half_of_that_is_never_dense() {
        let mut pace = Pace::new();
        let seen = dense(&mut pace, Instant::now(), 100, DENSE / 2);
        assert!(!seen.contains(&true));
    }

    #[test]
    fn a_burst_after_a_rest_is_not_dense() {
        let mut pace = Pace::new();
        let start = Instant::now() + WINDOW;
        dense(&mut pace, start, 9, 10 * DENSE);
        assert!(pace.is_dense());
        pace.count(10 * DENSE, start + WINDOW * 9 + REST);
        assert!(!pace.is_dense());
    }
}

//! How fast something comes.

use std::time::Duration;

use tokio::time::Instant;

/// How long what comes is counted together.
pub(crate) const WINDOW: Duration = Duration::from_millis(1);
/// How much a window counts for of the one after it: what came some eight windows ago tells little.
const LEFT: f32 = 0.875;
/// From so many in a window on, one may wait for others a moment: it is with dozens of them then.
const DENSE: f32 = 80.0;
/// From there it is so until fewer than this come.
const SPARSE: f32 = 50.0;

/// Counts what comes in windows of a millisecond.
#[derive(Debug)]
pub(crate) struct Pace {
    /// When the window began, and what came in it.
    begun: Instant,
    counted: u32,
    /// What came in a window of late.
    rate: f32,
    dense: bool,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self {
            begun: Instant::now(),
            counted: 0,
            rate: 0.0,
            dense: false,
        }
    }

    /// Counts so many that come at this time. True where a window begins with them.
    pub(crate) fn count(&mut self, many: u32, now: Instant) -> bool {
        let since = now.saturating_duration_since(self.begun);
        let begins = since >= WINDOW;
        if begins {
            self.end(since);
        }
        self.counted = self.counted.saturating_add(many);
        begins
    }

    /// Ends the window in which something was counted, and those after it in which nothing was.
    fn end(&mut self, since: Duration) {
        let windows = since.as_micros() / WINDOW.as_micros();
        let windows = u32::try_from(windows).unwrap_or(u32::MAX);
        let counted = std::mem::take(&mut self.counted) as f32;
        let empty = i32::try_from(windows - 1).unwrap_or(i32::MAX);
        self.rate = (self.rate * LEFT + counted * (1.0 - LEFT)) * LEFT.powi(empty);
        let enough = if self.dense { SPARSE } else { DENSE };
        self.dense = self.rate >= enough;
        self.begun += WINDOW.saturating_mul(windows);
    }

    /// Whether so many come in a window of late.
    pub(crate) fn is_at_least(&self, many: f32) -> bool {
        self.rate >= many
    }

    /// Whether they come so fast that one gains by waiting a moment for others.
    pub(crate) fn is_dense(&self) -> bool {
        self.dense
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many windows in each of which so many come, at any time of it. How many of them were dense.
    fn windows(pace: &mut Pace, now: &mut Instant, windows: u32, many: u32) -> usize {
        let mut window = |index: u32| {
            let late = WINDOW.mul_f32((index % 7) as f32 / 8.0);
            assert!(
                pace.count(many, *now + late),
                "window {index} has not begun"
            );
            *now += WINDOW;
            pace.is_dense()
        };
        (0..windows).map(&mut window).filter(|dense| *dense).count()
    }

    #[test]
    fn it_is_dense_from_a_rate_on_and_until_it_has_fallen_well_below() {
        let mut pace = Pace::new();
        let mut now = Instant::now() + WINDOW;
        assert_eq!(windows(&mut pace, &mut now, 100, 70), 0);
        let dense = windows(&mut pace, &mut now, 100, 90);
        assert!((90..98).contains(&dense), "{dense}");
        assert_eq!(windows(&mut pace, &mut now, 100, 60), 100);
        let dense = windows(&mut pace, &mut now, 100, 40);
        assert!((2..12).contains(&dense), "{dense}");
    }

    #[test]
    fn gusts_count_as_what_comes_evenly() {
        let mut pace = Pace::new();
        let mut now = Instant::now() + WINDOW;
        for _ in 0..100 {
            pace.count(300, now);
            now += WINDOW * 3;
        }
        assert!(
            pace.is_at_least(75.0) && !pace.is_at_least(125.0),
            "{pace:?}"
        );
    }

    #[test]
    fn what_came_before_a_rest_is_forgotten() {
        let mut pace = Pace::new();
        let mut now = Instant::now() + WINDOW;
        windows(&mut pace, &mut now, 20, 100);
        assert!(pace.is_dense());
        pace.count(1, now + WINDOW * 50);
        assert!(!pace.is_dense() && !pace.is_at_least(1.0));
    }

    #[test]
    fn a_clock_that_stands_or_jumps_far_is_no_matter() {
        let mut pace = Pace::new();
        let now = Instant::now() + WINDOW;
        assert!(pace.count(u32::MAX, now));
        assert!(!pace.count(u32::MAX, now));
        assert!(pace.count(1, now + Duration::from_secs(60 * 60 * 24 * 100)));
        assert!(!pace.is_at_least(1.0));
    }
}

use std::time::Duration;

use tokio::time::Instant;

/// The longest that a deadline lies ahead: clocks of some systems overflow not far beyond.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// The instant by which a call has to be over.
///
/// It is an instant of this process's clock; between processes it travels as the time that is left.
///
/// ```
/// use std::time::Duration;
/// use kafka_rpc::Deadline;
///
/// let call = Deadline::after(Duration::from_secs(30));
/// let step = Deadline::after(Duration::from_secs(60)).earlier(call);
/// assert_eq!(step, call);
/// assert!(step.remaining() <= Duration::from_secs(30));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Deadline(Instant);

impl Deadline {
    /// The deadline that lies `timeout` ahead of now. More than 30 years count as 30 years.
    pub fn after(timeout: Duration) -> Self {
        Self::after_instant(Instant::now(), timeout)
    }

    pub(crate) fn after_instant(instant: Instant, timeout: Duration) -> Self {
        Self(instant + timeout.min(FAR))
    }

    /// The deadline at an instant.
    pub const fn at(instant: Instant) -> Self {
        Self(instant)
    }

    /// The instant, as `tokio::time::sleep_until` takes it.
    pub const fn instant(&self) -> Instant {
        self.0
    }

    /// The time that is left; zero once the deadline has passed.
    pub fn remaining(&self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether no time is left.
    pub fn is_passed(&self) -> bool {
        self.remaining().is_zero()
    }

    /// The one of both that comes first.
    #[must_use]
    pub fn earlier(self, other: Self) -> Self {
        self.min(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_deadline_passes_when_its_time_is_up() {
        let deadline = Deadline::after(Duration::from_millis(10));
        assert_eq!(deadline.remaining(), Duration::from_millis(10));
        assert!(!deadline.is_passed());

        tokio::time::advance(Duration::from_millis(10)).await;
        assert!(deadline.is_passed());

        tokio::time::advance(Duration::from_millis(10)).await;
        assert_eq!(deadline.remaining(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn no_timeout_at_all_has_passed_at_once() {
        assert!(Deadline::after(Duration::ZERO).is_passed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_beyond_the_clock_is_cut_to_thirty_years() {
        assert_eq!(Deadline::after(Duration::MAX).remaining(), FAR);
    }

    #[tokio::test(start_paused = true)]
    async fn the_earlier_of_two_is_the_same_from_both_sides() {
        let soon = Deadline::after(Duration::from_secs(1));
        let late = Deadline::after(Duration::from_secs(2));
        assert_eq!(soon.earlier(late), soon);
        assert_eq!(late.earlier(soon), soon);
    }
}

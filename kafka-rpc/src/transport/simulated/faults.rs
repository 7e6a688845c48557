use std::time::Duration;

/// How likely things go wrong between the clients and the broker of a simulation; of a thousand times
/// each.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    /// The most milliseconds that anything takes on its way.
    pub usual_delay: u64,
    /// What takes up to `slow_delay` instead.
    pub slow: u64,
    /// In milliseconds.
    pub slow_delay: u64,
    /// Records that the producer has no room for.
    pub queue_full: u64,
    /// Records that are written nowhere, and of which that is known.
    pub unwritten: u64,
    /// Records that are written nowhere, and of which nobody knows.
    pub lost: u64,
    /// Records that are written, and of which nobody knows.
    pub unacknowledged: u64,
    /// Replies that are written twice.
    pub duplicates: u64,
    /// Commits that are refused.
    pub commits_refused: u64,
    /// Commits that are made, and of which nobody knows.
    pub commits_unacknowledged: u64,
    /// Commits that are refused while partitions are on their way to another member.
    pub commits_between_generations: u64,
    /// Single partitions that a reader without a group reads again from a little before.
    pub read_again: u64,
    /// Rebalances that give partitions out anew, whoever has them.
    pub shuffled: u64,
    /// How long a record is tried to be written.
    pub message_timeout: Duration,
    /// How long a member of a group may be silent.
    pub session_timeout: Duration,
}

impl Faults {
    /// Nothing goes wrong, and nothing takes time.
    pub const NONE: Self = Self {
        usual_delay: 0,
        slow: 0,
        slow_delay: 0,
        queue_full: 0,
        unwritten: 0,
        lost: 0,
        unacknowledged: 0,
        duplicates: 0,
        commits_refused: 0,
        commits_unacknowledged: 0,
        commits_between_generations: 0,
        read_again: 0,
        shuffled: 0,
        message_timeout: Duration::from_secs(30),
        session_timeout: Duration::from_secs(10),
    };
}

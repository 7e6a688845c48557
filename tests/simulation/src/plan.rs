//! What a seed decides before anything happens.

use std::time::Duration;

use kafka_rpc::simulation::{Chance, Faults};

/// The size of a simulation, and what goes wrong in it.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) partitions: u32,
    pub(crate) reply_partitions: u32,
    pub(crate) clients: usize,
    pub(crate) servers: usize,
    /// Callers of a client, and how many calls each makes.
    pub(crate) callers: usize,
    pub(crate) calls: u64,
    /// The longest that a caller rests between its calls.
    pub(crate) rest: u64,
    pub(crate) faults: Faults,
    /// How often something is done to somebody.
    pub(crate) blows: u64,
    /// Whether what deduplicated calls came to is kept in topics.
    pub(crate) in_topics: bool,
    /// How long the replies are kept that are kept for some time only.
    pub(crate) retention: Option<Duration>,
}

impl Plan {
    pub(crate) fn draw(chance: &mut Chance) -> Self {
        let calm = chance.permille(100);
        Self {
            partitions: chance.of(1..7) as u32,
            reply_partitions: chance.of(1..4) as u32,
            clients: chance.of(1..4) as usize,
            servers: chance.of(1..4) as usize,
            callers: chance.of(1..4) as usize,
            calls: chance.of(2..12),
            rest: rare(chance, 20, 1_500),
            faults: match calm {
                true => calm_faults(chance),
                false => faults(chance),
            },
            blows: if calm { 0 } else { chance.of(0..7) },
            in_topics: chance.permille(500),
            retention: chance.permille(200).then(|| chance.millis(1_000..10_000)),
        }
    }
}

/// Most often up to the one, sometimes up to the other.
fn rare(chance: &mut Chance, usual: u64, seldom: u64) -> u64 {
    let most = if chance.permille(700) { usual } else { seldom };
    chance.of(0..most + 1)
}

/// Nothing goes wrong, but everything takes its time.
fn calm_faults(chance: &mut Chance) -> Faults {
    Faults {
        usual_delay: rare(chance, 5, 50),
        slow: rare(chance, 5, 50),
        slow_delay: 200,
        session_timeout: Duration::from_secs(10),
        ..Faults::NONE
    }
}

fn faults(chance: &mut Chance) -> Faults {
    let calm = calm_faults(chance);
    // Of each kind none in half of the seeds, so that no kind hides another.
    let mut some = |most: u64| match chance.permille(500) {
        true => 0,
        false => chance.of(0..most),
    };
    Faults {
        queue_full: some(50),
        unwritten: some(100),
        lost: some(100),
        unacknowledged: some(100),
        duplicates: some(300),
        commits_refused: some(300),
        commits_unacknowledged: some(300),
        commits_between_generations: some(1_000),
        read_again: some(200),
        shuffled: some(500),
        message_timeout: Duration::from_millis(some(8_000).max(500)),
        session_timeout: Duration::from_millis(1_000 + some(5_000)),
        ..calm
    }
}

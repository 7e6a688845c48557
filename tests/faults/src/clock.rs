use std::path::Path;

use kafka_rpc_checker::What;
use rustix::time::{ClockId, clock_gettime};

/// In microseconds, by the clock that all processes of the machine share, and that nobody sets.
pub(crate) fn now() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let micros = now.tv_sec * 1_000_000 + now.tv_nsec / 1_000;
    u64::try_from(micros).unwrap_or_default()
}

/// What this process tells.
pub(crate) struct History(kafka_rpc_checker::History);

impl History {
    pub(crate) fn append(folder: &Path, node: &str) -> anyhow::Result<Self> {
        kafka_rpc_checker::History::append(folder, node).map(Self)
    }

    pub(crate) fn tell(&self, what: What) -> anyhow::Result<()> {
        self.0.tell(now(), what)
    }
}

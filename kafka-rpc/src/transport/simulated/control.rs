use std::sync::Arc;

use parking_lot::Mutex;

use super::broker::Broker;
use super::commits::Commits;
use super::reader::Reader;
use crate::transport::{CommittedOffset, Control, PartitionRef, TransportError};

/// What a member may ask for.
pub(super) struct SimulatedControl {
    pub(super) broker: Arc<Broker>,
    pub(super) commits: Arc<Commits>,
    pub(super) reader: Mutex<Reader>,
    /// Commits that were asked for in this tick.
    pub(super) sending: Mutex<Vec<(u64, Offsets)>>,
}

pub(super) type Offsets = Vec<(PartitionRef, CommittedOffset)>;

impl Control for SimulatedControl {
    fn commit(
        &self,
        seq: u64,
        offsets: &[(PartitionRef, CommittedOffset)],
    ) -> Result<(), TransportError> {
        self.sending.lock().push((seq, offsets.to_vec()));
        Ok(())
    }

    fn pause(&self, partitions: &[PartitionRef]) {
        self.reader.lock().pause(partitions, true);
    }

    fn resume(&self, partitions: &[PartitionRef]) {
        self.reader.lock().pause(partitions, false);
    }

    fn end(&self, partition: &PartitionRef) -> Option<i64> {
        let bounds = self.broker.with(|state| state.topics.bounds(partition));
        bounds.ok().map(|bounds| bounds.end)
    }
}

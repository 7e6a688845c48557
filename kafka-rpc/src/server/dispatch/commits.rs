use std::hash::Hash;

use super::partition::Partition;
use super::{Dispatch, PartitionId};
use crate::server::progress::Commit;

/// What to commit now. At most one batch is in flight at a time, because the broker keeps the
/// commit that comes last.
#[derive(Debug)]
pub(crate) struct CommitBatch {
    pub(crate) seq: u64,
    pub(crate) commits: Vec<(PartitionId, Commit)>,
}

#[derive(Debug)]
pub(super) struct InFlight {
    seq: u64,
    partitions: Vec<PartitionId>,
}

impl InFlight {
    pub(super) fn contains(&self, id: PartitionId) -> bool {
        self.partitions.contains(&id)
    }
}

impl<C, I: Eq + Hash + Clone> Dispatch<C, I> {
    /// What has changed since it was last committed. It is answered by
    /// [`committed`](Self::committed) or [`commit_failed`](Self::commit_failed), until when there
    /// is no other.
    pub(crate) fn take_commits(&mut self) -> Option<CommitBatch> {
        if self.in_flight.is_some() {
            return None;
        }
        let mut commits = Vec::new();
        for (&id, partition) in &mut self.partitions {
            commits.extend(partition.take_commit().map(|commit| (id, commit)));
        }
        if commits.is_empty() {
            return None;
        }
        let seq = self.next_batch;
        self.next_batch += 1;
        let partitions = commits.iter().map(|&(id, _)| id).collect();
        self.in_flight = Some(InFlight { seq, partitions });
        Some(CommitBatch { seq, commits })
    }

    /// Whether there is something to commit, and nothing in flight.
    pub(crate) fn has_commits(&self) -> bool {
        let mut partitions = self.partitions.values();
        self.in_flight.is_none() && partitions.any(Partition::has_commit)
    }

    /// Whether a batch is in flight that has a commit of the partition.
    pub(crate) fn is_committing(&self, id: PartitionId) -> bool {
        let batch = self.in_flight.as_ref();
        batch.is_some_and(|batch| batch.contains(id))
    }

    /// Whether a batch is in flight.
    pub(crate) fn is_committing_any(&self) -> bool {
        self.in_flight.is_some()
    }

    /// The broker has all of the batch: the at-most-once calls that it counts as finished may
    /// start.
    pub(crate) fn committed(&mut self, seq: u64) {
        for id in self.answered(seq) {
            if let Some(partition) = self.partitions.get_mut(&id) {
                self.ready.extend(partition.committed());
            }
        }
    }

    /// The broker may not have all of the batch: what it held will be in the next one, and the
    /// at-most-once calls wait for that.
    pub(crate) fn commit_failed(&mut self, seq: u64) {
        for id in self.answered(seq) {
            if let Some(partition) = self.partitions.get_mut(&id) {
                partition.commit_failed();
            }
        }
    }

    fn answered(&mut self, seq: u64) -> Vec<PartitionId> {
        let batch = self.in_flight.take_if(|batch| batch.seq == seq);
        batch.map(|batch| batch.partitions).unwrap_or_default()
    }
}

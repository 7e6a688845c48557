use std::hash::Hash;

use super::{Dispatch, PartitionId};
use crate::server::progress::Commit;

/// Giving partitions up: revoke, let what runs end and settle, release, commit.
impl<C, I: Eq + Hash + Clone> Dispatch<C, I> {
    /// Starts no more calls of a partition, and gives back those that wait. They are not finished:
    /// the next owner handles them. Those that run go on.
    pub(crate) fn revoke(&mut self, id: PartitionId) -> Vec<C> {
        let Some(partition) = self.partitions.get_mut(&id) else {
            return Vec::new();
        };
        self.postponed.retain(|(_, ticket)| ticket.partition != id);
        let mut calls = Vec::new();
        for (turn, call) in partition.revoke() {
            self.ready.remove(turn);
            calls.push(call);
        }
        calls
    }

    /// [Revokes](Self::revoke) all partitions.
    pub(crate) fn revoke_all(&mut self) -> Vec<C> {
        let ids: Vec<_> = self.partitions.keys().copied().collect();
        ids.into_iter().flat_map(|id| self.revoke(id)).collect()
    }

    /// Whether no call of the partition runs or is unsettled.
    pub(crate) fn drained(&self, id: PartitionId) -> bool {
        self.partitions
            .get(&id)
            .is_none_or(|partition| partition.is_drained())
    }

    /// Whether no call of any partition that is still owned runs or is unsettled.
    pub(crate) fn all_drained(&self) -> bool {
        self.partitions
            .values()
            .all(|partition| partition.is_drained())
    }

    /// Forgets a partition, and tells what to commit for it if the broker may not have it. If a
    /// batch is in flight, commit this after the answer to that: the broker keeps what comes last.
    ///
    /// Calls that wait are dropped. The next owner handles them, and those that are not settled.
    /// Handlers that still run should be ended: each takes up a place until it is finished.
    pub(crate) fn release(&mut self, id: PartitionId) -> Option<Commit> {
        drop(self.revoke(id));
        let mut partition = self.partitions.remove(&id)?;
        self.touched.retain(|touched| *touched != id);
        self.left_behind.extend(partition.running());
        if self
            .in_flight
            .as_ref()
            .is_some_and(|batch| batch.contains(id))
        {
            partition.commit_failed();
        }
        partition.take_commit()
    }
}

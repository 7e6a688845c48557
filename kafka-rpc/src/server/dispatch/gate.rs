use std::collections::BTreeSet;

/// The waiting at-most-once calls of one partition that no confirmed commit counts as finished yet.
#[derive(Debug, Default)]
pub(super) struct CommitGate {
    uncommitted: BTreeSet<i64>,
    /// Those that the commit in flight counts as finished.
    in_commit: BTreeSet<i64>,
}

impl CommitGate {
    /// Holds a call until a commit that is taken from now on is confirmed.
    pub(super) fn hold(&mut self, offset: i64) {
        #[cfg(feature = "__simulated")]
        if crate::simulation::planted(crate::simulation::Bug::GateOpen) {
            return;
        }
        self.uncommitted.insert(offset);
    }

    pub(super) fn holds(&self, offset: i64) -> bool {
        self.uncommitted.contains(&offset) || self.in_commit.contains(&offset)
    }

    /// The call no longer waits.
    pub(super) fn forget(&mut self, offset: i64) {
        self.uncommitted.remove(&offset);
        self.in_commit.remove(&offset);
    }

    pub(super) fn commit_taken(&mut self) {
        self.in_commit.append(&mut self.uncommitted);
    }

    /// The calls that are held no longer.
    pub(super) fn committed(&mut self) -> BTreeSet<i64> {
        std::mem::take(&mut self.in_commit)
    }

    /// They wait for the next commit.
    pub(super) fn commit_failed(&mut self) {
        self.uncommitted.append(&mut self.in_commit);
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.uncommitted.is_empty() && self.in_commit.is_empty()
    }
}

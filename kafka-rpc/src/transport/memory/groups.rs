use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::transport::{CommittedOffset, Failure, PartitionRef, TransportError};

/// The most bytes that a commit's metadata may have, as on a broker that is left as it is.
const METADATA_LIMIT: usize = 4096;

/// What the groups have committed, and which of them have a member.
#[derive(Default)]
pub(super) struct Groups {
    joined: Mutex<BTreeSet<String>>,
    committed: Mutex<BTreeMap<Key, CommittedOffset>>,
}

/// A group, a topic and a partition.
type Key = (String, Arc<str>, i32);

impl Groups {
    /// Makes somebody a group's only member.
    pub(super) fn join(&self, group: &str) -> Result<(), TransportError> {
        if self.joined.lock().insert(group.to_owned()) {
            return Ok(());
        }
        let message = format!("group {group} has a member; in memory a group has only one");
        Err(TransportError::new(Failure::Other, message))
    }

    pub(super) fn leave(&self, group: &str) {
        self.joined.lock().remove(group);
    }

    pub(super) fn committed(
        &self,
        group: &str,
        partition: &PartitionRef,
    ) -> Option<CommittedOffset> {
        self.committed.lock().get(&key(group, partition)).cloned()
    }

    /// Keeps all of these offsets, or none.
    pub(super) fn commit(
        &self,
        group: &str,
        offsets: &[(PartitionRef, CommittedOffset)],
    ) -> Result<(), TransportError> {
        for (partition, at) in offsets {
            if at.metadata.len() > METADATA_LIMIT {
                let message = format!(
                    "the metadata of {} [{}] has {} bytes; a commit takes {METADATA_LIMIT}",
                    partition.topic,
                    partition.partition,
                    at.metadata.len()
                );
                return Err(TransportError::new(Failure::TooLarge, message));
            }
        }
        let mut committed = self.committed.lock();
        for (partition, at) in offsets {
            committed.insert(key(group, partition), at.clone());
        }
        Ok(())
    }
}

fn key(group: &str, partition: &PartitionRef) -> Key {
    (
        group.to_owned(),
        Arc::clone(&partition.topic),
        partition.partition,
    )
}

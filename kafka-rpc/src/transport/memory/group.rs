use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::timeout;

use super::groups::Groups;
use super::log::Log;
use super::reader::Reader;
use crate::transport::{
    CommittedOffset, Control, Failure, GroupConfig, Member, PartitionRef, Record, Start,
    TransportError,
};

/// Joins a group and lives as its member in a task.
pub(super) fn join(
    log: &Arc<Log>,
    groups: &Arc<Groups>,
    config: GroupConfig,
    member: Box<dyn Member>,
) -> Result<(), TransportError> {
    if config.transactions.is_some() {
        let message = "can't write transactions: there are none in memory";
        return Err(TransportError::new(Failure::Config, message));
    }
    let mut partitions = Vec::new();
    for topic in &config.topics {
        let count = log.partitions(topic).ok_or_else(|| {
            let message = format!("can't join group {}: no topic {topic}", config.group);
            TransportError::new(Failure::Missing, message)
        })?;
        partitions.extend((0..count).filter_map(|partition| {
            Some(PartitionRef {
                topic: Arc::clone(topic),
                partition: i32::try_from(partition).ok()?,
            })
        }));
    }
    groups.join(&config.group)?;
    let membership = Membership {
        member,
        assigned: Vec::with_capacity(partitions.len()),
        control: MemoryControl {
            group: config.group,
            groups: Arc::clone(groups),
            log: Arc::clone(log),
            reader: Reader::new(Arc::clone(log)),
            commits: Mutex::default(),
        },
    };
    tokio::spawn(membership.live(partitions, config.batch));
    Ok(())
}

/// A member of a group. The group is left when this is dropped, also where the runtime ends with
/// the task.
struct Membership {
    member: Box<dyn Member>,
    assigned: Vec<PartitionRef>,
    control: MemoryControl,
}

/// What a member may ask for.
struct MemoryControl {
    group: String,
    groups: Arc<Groups>,
    log: Arc<Log>,
    reader: Reader,
    /// Commits whose outcome is to be told yet, oldest first.
    commits: Mutex<Vec<(u64, Result<(), TransportError>)>>,
}

impl Membership {
    async fn live(mut self, partitions: Vec<PartitionRef>, most: usize) {
        if let Err(error) = self.assign(partitions) {
            self.member.failed(error);
        }
        let mut batch = Vec::with_capacity(most);
        while let Some(wait) = self.member.tick(&self.control) {
            self.tell_commits();
            self.control.records(wait, most, &mut batch).await;
            if !batch.is_empty() {
                self.member.records(&mut batch);
                batch.clear();
            }
            // There may be more to read at once: the calls come first.
            tokio::task::yield_now().await;
        }
    }

    /// Reads on from the last commits.
    fn assign(&mut self, partitions: Vec<PartitionRef>) -> Result<(), TransportError> {
        for partition in partitions {
            let MemoryControl { group, groups, .. } = &self.control;
            let committed = groups.committed(group, &partition);
            let from = match self.member.assigned(&partition, committed) {
                Start::At(offset) => Some(offset),
                Start::Beginning => Some(0),
                Start::End => None,
            };
            self.assigned.push(partition.clone());
            self.control.reader.follow(partition, from)?;
        }
        self.member.joined();
        Ok(())
    }

    fn tell_commits(&mut self) {
        let commits = std::mem::take(&mut *self.control.commits.lock());
        for (seq, outcome) in commits {
            self.member.committed(seq, outcome);
        }
    }
}

impl Drop for Membership {
    /// Commits what is finished.
    fn drop(&mut self) {
        let MemoryControl { group, groups, .. } = &self.control;
        let member = &mut self.member;
        let last: Vec<_> = self
            .assigned
            .iter()
            .filter_map(|partition| Some((partition.clone(), member.release(partition)?)))
            .collect();
        if let Err(error) = groups.commit(group, &last) {
            tracing::warn!(%error, "the last commit failed: what it covers is handled again");
        }
        groups.leave(group);
    }
}

impl MemoryControl {
    /// The next records, if there are some while `wait` lasts.
    async fn records(&self, wait: Duration, most: usize, batch: &mut Vec<Record>) {
        self.reader.take(most, batch);
        if batch.is_empty() && timeout(wait, self.reader.woken()).await.is_ok() {
            self.reader.take(most, batch);
        }
    }
}

impl Control for MemoryControl {
    fn commit(
        &self,
        seq: u64,
        offsets: &[(PartitionRef, CommittedOffset)],
    ) -> Result<(), TransportError> {
        let outcome = self.groups.commit(&self.group, offsets);
        self.commits.lock().push((seq, outcome));
        Ok(())
    }

    fn pause(&self, partitions: &[PartitionRef]) {
        self.reader.pause(partitions, true);
    }

    fn resume(&self, partitions: &[PartitionRef]) {
        self.reader.pause(partitions, false);
    }

    fn end(&self, partition: &PartitionRef) -> Option<i64> {
        self.log.end(partition)
    }
}

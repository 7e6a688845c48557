use crate::hashing::{HashMap, HashSet};
use crate::server::dispatch::{Dispatch, Flow, PartitionId};
use crate::telemetry::PartitionLag;
use crate::transport::{Control, PartitionRef};

/// The partitions that are ours, by what the transport calls them and by what the dispatch does.
pub(super) struct OwnedPartitions {
    group: String,
    ids: HashMap<PartitionRef, PartitionId>,
    partitions: HashMap<PartitionId, Owned>,
    paused: HashSet<PartitionId>,
    /// Just assigned: a partition may come back paused as it was when it went.
    fresh: Vec<PartitionRef>,
}

struct Owned {
    partition: PartitionRef,
    lag: PartitionLag,
}

impl OwnedPartitions {
    pub(super) fn new(group: String) -> Self {
        Self {
            group,
            ids: HashMap::default(),
            partitions: HashMap::default(),
            paused: HashSet::default(),
            fresh: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, partition: &PartitionRef, id: PartitionId) {
        let owned = Owned {
            partition: partition.clone(),
            lag: PartitionLag::of(&self.group, &partition.topic, partition.partition),
        };
        self.ids.insert(partition.clone(), id);
        self.partitions.insert(id, owned);
        self.fresh.push(partition.clone());
    }

    pub(super) fn remove(&mut self, partition: &PartitionRef) -> Option<PartitionId> {
        let id = self.ids.remove(partition)?;
        self.partitions.remove(&id);
        self.paused.remove(&id);
        self.fresh.retain(|fresh| fresh != partition);
        Some(id)
    }

    pub(super) fn id(&self, partition: &PartitionRef) -> Option<PartitionId> {
        self.ids.get(partition).copied()
    }

    pub(super) fn known(&self, partitions: &[PartitionRef]) -> Vec<PartitionId> {
        partitions
            .iter()
            .filter_map(|partition| self.id(partition))
            .collect()
    }

    pub(super) fn partition(&self, id: PartitionId) -> Option<&PartitionRef> {
        self.partitions.get(&id).map(|owned| &owned.partition)
    }

    pub(super) fn all(&self) -> Vec<PartitionRef> {
        self.ids.keys().cloned().collect()
    }

    /// Whether what comes in a partition is read at present.
    pub(super) fn is_read(&self, id: PartitionId) -> bool {
        self.partitions.contains_key(&id) && !self.paused.contains(&id)
    }

    pub(super) fn any_paused(&self) -> bool {
        !self.paused.is_empty()
    }

    /// Pauses and resumes partitions.
    pub(super) fn regulate(&mut self, changes: Vec<(PartitionId, Flow)>, control: &dyn Control) {
        let (mut pause, mut resume) = (Vec::new(), std::mem::take(&mut self.fresh));
        for (id, flow) in changes {
            let Some(owned) = self.partitions.get(&id) else {
                continue;
            };
            match flow {
                Flow::Pause => {
                    self.paused.insert(id);
                    pause.push(owned.partition.clone());
                }
                Flow::Resume => {
                    self.paused.remove(&id);
                    resume.push(owned.partition.clone());
                }
            }
        }
        control.resume(&resume);
        control.pause(&pause);
    }

    /// Tells how far behind the group is in each.
    pub(super) fn tell_lag<C, I>(&self, dispatch: &Dispatch<C, I>, control: &dyn Control)
    where
        I: Eq + std::hash::Hash + Clone,
    {
        for (id, owned) in &self.partitions {
            if let (Some(end), Some(unfinished)) =
                (control.end(&owned.partition), dispatch.unfinished(*id))
            {
                owned.lag.set(end - unfinished);
            }
        }
    }
}

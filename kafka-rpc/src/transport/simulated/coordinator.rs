//! Consumer groups, as the broker keeps them: who is a member, who has which partition, who shall have
//! it, and what was committed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::broker::State;
use super::faults::Faults;
use super::log::Topics;
use super::mailbox::{Mailbox, Message};
use crate::simulation::Chance;
use crate::transport::{CommittedOffset, PartitionRef};

/// The most bytes that a commit's metadata may have, as on a broker that is left as it is.
const METADATA_LIMIT: usize = 4096;

pub(super) type MemberId = u64;

#[derive(Default)]
pub(super) struct Group {
    members: BTreeMap<MemberId, Joined>,
    joined: MemberId,
    /// Who has each partition: it is nobody else's until he gives it up, or is expelled.
    owners: BTreeMap<PartitionRef, MemberId>,
    /// Who shall have it.
    wanted: BTreeMap<PartitionRef, MemberId>,
    committed: BTreeMap<PartitionRef, CommittedOffset>,
}

struct Joined {
    topics: Vec<Arc<str>>,
    mailbox: Arc<Mailbox>,
    seen: Instant,
    /// Whether an assignment was sent to it.
    told: bool,
}

/// What is to be sent to members.
pub(super) type Told = Vec<(Arc<Mailbox>, Message)>;

/// Why a commit was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Who commits is no member any more.
    Fenced,
    /// Partitions are on their way; it may be tried again.
    BetweenGenerations,
    TooLarge,
}

impl Group {
    /// A new member, which is then told what is its own.
    pub(super) fn join(
        &mut self,
        topics: Vec<Arc<str>>,
        mailbox: Arc<Mailbox>,
        known: &Topics,
        faults: &Faults,
        chance: &mut Chance,
    ) -> (MemberId, Told) {
        self.joined += 1;
        let joined = Joined {
            topics,
            mailbox,
            seen: Instant::now(),
            told: false,
        };
        self.members.insert(self.joined, joined);
        (self.joined, self.rebalance(known, faults, chance))
    }

    /// A member is gone, in good order or not.
    pub(super) fn remove(
        &mut self,
        member: MemberId,
        known: &Topics,
        faults: &Faults,
        chance: &mut Chance,
    ) -> Told {
        if self.members.remove(&member).is_none() {
            return Told::new();
        }
        self.owners.retain(|_, owner| *owner != member);
        self.rebalance(known, faults, chance)
    }

    /// A member is alive; false where it is none any more.
    pub(super) fn heartbeat(&mut self, member: MemberId) -> bool {
        let known = self.members.get_mut(&member);
        known.map(|known| known.seen = Instant::now()).is_some()
    }

    /// From then on members have all of their time again.
    pub(super) fn is_loaded(&mut self, at: Instant) {
        for member in self.members.values_mut() {
            member.seen = member.seen.max(at);
        }
    }

    /// Expels members that are silent for too long.
    pub(super) fn expel(&mut self, known: &Topics, faults: &Faults, chance: &mut Chance) -> Told {
        let now = Instant::now();
        let silent: Vec<MemberId> = self
            .members
            .iter()
            .filter(|(_, member)| {
                now.saturating_duration_since(member.seen) > faults.session_timeout
            })
            .map(|(id, _)| *id)
            .collect();
        let mut told = Told::new();
        for member in silent {
            told.extend(self.remove(member, known, faults, chance));
        }
        told
    }

    /// Settles anew who shall have which partition. Who has one that another shall have is asked to
    /// give it up.
    pub(super) fn rebalance(
        &mut self,
        known: &Topics,
        faults: &Faults,
        chance: &mut Chance,
    ) -> Told {
        let shuffled = chance.permille(faults.shuffled);
        let mut topics: Vec<&Arc<str>> = self.members.values().flat_map(|m| &m.topics).collect();
        topics.sort_unstable();
        topics.dedup();
        let mut load: BTreeMap<MemberId, usize> = BTreeMap::new();
        load.extend(self.members.keys().map(|member| (*member, 0)));
        let mut wanted = BTreeMap::new();
        let mut homeless = Vec::new();
        let partitions: Vec<PartitionRef> = topics
            .into_iter()
            .flat_map(|topic| {
                let count = known.partitions(topic).unwrap_or(0);
                (0..i32::try_from(count).unwrap_or(0)).map(|partition| PartitionRef {
                    topic: Arc::clone(topic),
                    partition,
                })
            })
            .collect();
        let most = partitions.len().div_ceil(self.members.len().max(1));
        for partition in partitions {
            let owner = self.owners.get(&partition).filter(|_| !shuffled);
            match owner.and_then(|owner| Some((*owner, load.get_mut(owner)?))) {
                Some((owner, load)) if *load < most => {
                    *load += 1;
                    wanted.insert(partition, owner);
                }
                _ => homeless.push(partition),
            }
        }
        for partition in homeless {
            // Of those with the fewest, any.
            let fewest = load.values().min().copied().unwrap_or(0);
            let candidates: Vec<MemberId> = load
                .iter()
                .filter(|(_, load)| **load == fewest)
                .map(|(member, _)| *member)
                .collect();
            if let Some(member) = candidates.get(chance.index(candidates.len())) {
                *load.entry(*member).or_default() += 1;
                wanted.insert(partition, *member);
            }
        }
        self.wanted = wanted;
        let mut told = self.ask_back();
        told.extend(self.hand_out());
        told
    }

    fn ask_back(&self) -> Told {
        let mut asked: BTreeMap<MemberId, Vec<PartitionRef>> = BTreeMap::new();
        for (partition, owner) in &self.owners {
            if self.wanted.get(partition) != Some(owner) {
                asked.entry(*owner).or_default().push(partition.clone());
            }
        }
        let asked = asked.into_iter().filter_map(|(member, partitions)| {
            let mailbox = Arc::clone(&self.members.get(&member)?.mailbox);
            Some((mailbox, Message::Revoke(partitions)))
        });
        asked.collect()
    }

    /// Gives partitions that nobody has to those who shall have them.
    fn hand_out(&mut self) -> Told {
        let mut given: BTreeMap<MemberId, Vec<PartitionRef>> = BTreeMap::new();
        for (partition, member) in &self.wanted {
            if !self.owners.contains_key(partition) {
                self.owners.insert(partition.clone(), *member);
                given.entry(*member).or_default().push(partition.clone());
            }
        }
        let mut told = Told::new();
        for (id, member) in &mut self.members {
            let partitions = given.remove(id);
            if partitions.is_some() || !member.told {
                member.told = true;
                let message = Message::Assign(partitions.unwrap_or_default());
                told.push((Arc::clone(&member.mailbox), message));
            }
        }
        told
    }

    /// A member has given partitions up.
    pub(super) fn given_up(&mut self, member: MemberId, partitions: &[PartitionRef]) -> Told {
        for partition in partitions {
            if self.owners.get(partition) == Some(&member) {
                self.owners.remove(partition);
            }
        }
        self.hand_out()
    }

    fn is_moving(&self) -> bool {
        self.owners != self.wanted
    }

    pub(super) fn committed(&self, partition: &PartitionRef) -> Option<CommittedOffset> {
        self.committed.get(partition).cloned()
    }

    /// Keeps all of these offsets, or none.
    pub(super) fn commit(
        &mut self,
        member: MemberId,
        offsets: &[(PartitionRef, CommittedOffset)],
        faults: &Faults,
        chance: &mut Chance,
    ) -> Result<(), Refused> {
        if !self.members.contains_key(&member) {
            return Err(Refused::Fenced);
        }
        if self.is_moving() && chance.permille(faults.commits_between_generations) {
            return Err(Refused::BetweenGenerations);
        }
        if offsets
            .iter()
            .any(|(_, at)| at.metadata.len() > METADATA_LIMIT)
        {
            return Err(Refused::TooLarge);
        }
        self.committed.extend(offsets.iter().cloned());
        Ok(())
    }
}

impl State {
    /// Sends members what they are to know. It comes with one of their next heartbeats.
    pub(super) fn tell(&mut self, told: Told) {
        for (mailbox, message) in told {
            let delay = self.delay() + self.chance.millis(0..100);
            let at = mailbox.after(Instant::now() + delay);
            self.at(at, Box::new(move |_| mailbox.put(message)));
        }
    }

    /// Does something in a group, and tells the members what they are to know of it.
    pub(super) fn in_group<T>(
        &mut self,
        name: &str,
        work: impl FnOnce(&mut Group, &Topics, &Faults, &mut Chance) -> (T, Told),
    ) -> T {
        let group = self.groups.entry(name.to_owned()).or_default();
        let (done, told) = work(group, &self.topics, &self.faults, &mut self.chance);
        self.tell(told);
        done
    }
}

/// How often a member says that it is alive.
pub(super) fn heartbeat_interval(faults: &Faults) -> Duration {
    faults.session_timeout / 6
}

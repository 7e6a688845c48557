//! A member of a group, in a task: what `kafka::group` does, with the broker of a simulation.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};

use super::broker::{Broker, RETRY, State};
use super::commits::{Answer, Commits};
use super::control::SimulatedControl;
use super::coordinator::{MemberId, heartbeat_interval};
use super::heart::Heart;
use super::inbox::wait;
use super::mailbox::{Mailbox, Message};
use super::reader::Reader;
use crate::outside;
use crate::simulation::{Process, current};
use crate::transport::{Failure, GroupConfig, Member, PartitionRef, Record, Start, TransportError};

/// How long the last commit of partitions is tried.
const LAST_COMMIT_LIMIT: Duration = Duration::from_secs(1);
const LAST_COMMIT_PAUSE: Duration = Duration::from_millis(20);
/// How long committed offsets are looked up.
const LOOKUP_LIMIT: Duration = Duration::from_secs(60);

/// Joins a group and lives as its member in a task.
pub(super) fn join(
    broker: &Arc<Broker>,
    config: GroupConfig,
    member: Box<dyn Member>,
) -> Result<(), TransportError> {
    if config.transactions.is_some() {
        let message = "can't write transactions: there are none in the simulation";
        return Err(TransportError::new(Failure::Config, message));
    }
    for topic in &config.topics {
        if broker
            .with(|state| state.topics.partitions(topic))
            .is_none()
        {
            let message = format!("can't join group {}: no topic {topic}", config.group);
            return Err(TransportError::new(Failure::Missing, message));
        }
    }
    broker.with(|state| state.open.members += 1);
    let process = current();
    let reader = Reader::new(process.clone());
    let woken = Arc::clone(&reader.woken);
    let membership = Membership {
        member,
        id: None,
        mailbox: Mailbox::new(Arc::clone(&woken)),
        assigned: Vec::new(),
        revoked: None,
        heart: None,
        control: SimulatedControl {
            broker: Arc::clone(broker),
            commits: Commits::new(config.group.clone(), process.clone()),
            reader: Mutex::new(reader),
            sending: Mutex::default(),
        },
        broker: Arc::clone(broker),
        process,
        config,
    };
    outside::spawn(membership.live());
    Ok(())
}

struct Membership {
    member: Box<dyn Member>,
    broker: Arc<Broker>,
    process: Option<Process>,
    config: GroupConfig,
    /// `None` while it joins.
    id: Option<MemberId>,
    mailbox: Arc<Mailbox>,
    assigned: Vec<PartitionRef>,
    /// Partitions that the group wants back, while their calls are finished.
    revoked: Option<Vec<PartitionRef>>,
    heart: Option<AbortHandle>,
    control: SimulatedControl,
}

impl Membership {
    async fn live(mut self) {
        self.enter().await;
        let woken = Arc::clone(&self.control.reader.lock().woken);
        let mut batch = Vec::with_capacity(self.config.batch);
        while let Some(rest) = self.member.tick(&self.control) {
            self.send_commits();
            let until = Instant::now() + rest;
            let next = self.take(&mut batch);
            let settled = self.revoked.is_none();
            if batch.is_empty() && self.mailbox.is_empty(settled) {
                let until = next.map_or(until, |next| next.min(until));
                wait(Some(until), &woken).await;
                self.take(&mut batch);
            }
            if !batch.is_empty() {
                self.member.records(&mut batch);
                batch.clear();
            }
            if let Some(message) = self.mailbox.next(settled) {
                self.told(message).await;
            }
            self.give_up_revoked().await;
            // The calls come first.
            tokio::task::yield_now().await;
        }
        self.leave().await;
    }

    fn take(&self, batch: &mut Vec<Record>) -> Option<Instant> {
        let most = self.config.batch;
        let take = |state: &mut State| self.control.reader.lock().take(state, most, batch);
        self.broker.with(take)
    }

    fn send_commits(&self) {
        let sending = std::mem::take(&mut *self.control.sending.lock());
        for (seq, offsets) in sending {
            let answer = Answer::Mail(Arc::clone(&self.mailbox), seq);
            match self.id {
                Some(id) => self
                    .broker
                    .with(|state| self.control.commits.send(state, id, offsets, answer)),
                None => {
                    let message = "the group has no such member";
                    let error = TransportError::new(Failure::Other, message);
                    self.mailbox.put(Message::Committed(seq, Err(error)));
                }
            }
        }
    }

    /// Becomes a member, and says every now and then that it is still alive.
    async fn enter(&mut self) {
        while let Err(error) = self.reach(Duration::from_secs(5)).await {
            tracing::debug!(%error, "can't join yet");
        }
        let mailbox = Arc::clone(&self.mailbox);
        let topics = self.config.topics.clone();
        let (id, interval) = self.broker.with(|state| {
            let id = state.in_group(&self.config.group, |group, known, faults, chance| {
                group.join(topics, mailbox, known, faults, chance)
            });
            (id, heartbeat_interval(&state.faults))
        });
        self.id = Some(id);
        let heart = Heart {
            broker: Arc::clone(&self.broker),
            process: self.process.clone(),
            group: self.config.group.clone(),
            id,
            mailbox: Arc::clone(&self.mailbox),
        };
        let heart = outside::spawn(heart.beat(interval));
        self.heart = Some(heart.abort_handle());
    }

    async fn reach(&mut self, limit: Duration) -> Result<(), TransportError> {
        self.broker.reach(self.process.as_ref(), limit).await
    }

    async fn told(&mut self, message: Message) {
        match message {
            Message::Committed(seq, outcome) => self.member.committed(seq, outcome),
            Message::Assign(partitions) => self.assign(partitions).await,
            Message::Revoke(mut partitions) => {
                partitions.retain(|partition| self.assigned.contains(partition));
                self.member.revoked(&partitions);
                self.revoked = Some(partitions);
            }
            Message::Expelled => {
                if let Some(heart) = self.heart.take() {
                    heart.abort();
                }
                self.id = None;
                self.revoked = None;
                let lost = std::mem::take(&mut self.assigned);
                for partition in &lost {
                    self.control.reader.lock().leave(partition);
                }
                self.member.lost(&lost);
                // What was on its way is for a member that is none any more.
                let woken = Arc::clone(&self.control.reader.lock().woken);
                self.mailbox = Mailbox::new(woken);
                self.enter().await;
            }
        }
    }

    /// Reads on from the last commits.
    async fn assign(&mut self, partitions: Vec<PartitionRef>) {
        if let Err(error) = self.reach(LOOKUP_LIMIT).await {
            // Not to be settled here: the member is expelled long before.
            tracing::debug!(%error, "can't look committed offsets up");
        }
        for partition in partitions {
            let (committed, bounds) = self.broker.with(|state| {
                let group = state.groups.get(&self.config.group);
                let committed = group.and_then(|group| group.committed(&partition));
                (committed, state.topics.bounds(&partition))
            });
            let bounds = bounds.unwrap_or_default();
            let from = match self.member.assigned(&partition, committed) {
                Start::At(offset) => offset.max(bounds.start),
                Start::Beginning => bounds.start,
                Start::End => bounds.end,
            };
            let followed = self.broker.with(|state| {
                let mut reader = self.control.reader.lock();
                reader.follow(state, partition.clone(), Some(from))
            });
            match followed {
                Ok(()) => self.assigned.push(partition),
                Err(error) => self.member.failed(error),
            }
        }
        self.member.joined();
    }

    /// Gives revoked partitions up where their calls are finished, or their grace is over.
    async fn give_up_revoked(&mut self) {
        let due = self.revoked.take_if(|revoked| self.member.drained(revoked));
        if let Some(revoked) = due {
            self.give_up(&revoked).await;
            let group = self.config.group.clone();
            let Some(id) = self.id else { return };
            self.broker.with(|state| {
                let delay = state.delay();
                let given_up = move |state: &mut State| {
                    state.in_group(&group, |group, _, _, _| ((), group.given_up(id, &revoked)));
                };
                state.after(delay, Box::new(given_up));
            });
        }
    }

    /// The last commit, awaited: the next owner begins with it.
    async fn give_up(&mut self, partitions: &[PartitionRef]) {
        let offsets: Vec<_> = partitions
            .iter()
            .filter_map(|partition| Some((partition.clone(), self.member.release(partition)?)))
            .collect();
        for partition in partitions {
            self.control.reader.lock().leave(partition);
        }
        self.assigned
            .retain(|assigned| !partitions.contains(assigned));
        if offsets.is_empty() {
            return;
        }
        let Some(id) = self.id else { return };
        let until = Instant::now() + LAST_COMMIT_LIMIT;
        loop {
            let (waiter, outcome) = oneshot::channel();
            let commit = offsets.clone();
            self.broker.with(|state| {
                let commits = &self.control.commits;
                commits.send(state, id, commit, Answer::Waits(waiter));
            });
            match outcome.await {
                Ok(Err(failed))
                    if failed.between_generations && Instant::now() + LAST_COMMIT_PAUSE < until =>
                {
                    sleep(LAST_COMMIT_PAUSE).await;
                }
                Ok(Err(failed)) => {
                    let error = failed.error;
                    tracing::warn!(%error, "the last commit failed: what it covers is handled again");
                    return;
                }
                _ => return,
            }
        }
    }

    async fn leave(&mut self) {
        if let Some(revoked) = self.revoked.take() {
            self.give_up(&revoked).await;
        }
        let assigned = self.assigned.clone();
        self.give_up(&assigned).await;
        let Some(id) = self.id else { return };
        if self.reach(RETRY * 4).await.is_ok() {
            self.broker.with(|state| {
                state.in_group(&self.config.group, |group, known, faults, chance| {
                    ((), group.remove(id, known, faults, chance))
                });
            });
        }
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        if let Some(heart) = &self.heart {
            heart.abort();
        }
        self.broker.with(|state| state.open.members -= 1);
    }
}

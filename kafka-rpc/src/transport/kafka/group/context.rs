use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};
use rdkafka::{Offset, TopicPartitionList};

use super::RETRY_PAUSE;
use crate::hashing::HashMap;
use crate::transport::kafka::context::Context;
use crate::transport::kafka::error::transport_error;
use crate::transport::kafka::partitions::{commit_list, committed_offset, first_error, partitions};
use crate::transport::{CommittedOffset, Member, PartitionRef, Start};

/// How long one lookup of committed offsets may take, and how long it is tried altogether. In the
/// meantime nothing of the new partitions is read.
const COMMITTED_LIMIT: Duration = Duration::from_secs(5);
const COMMITTED_LIMIT_ALTOGETHER: Duration = Duration::from_secs(60);
/// How long the last commit of partitions is tried, which is well within any session timeout.
const LAST_COMMIT_LIMIT: Duration = Duration::from_secs(1);
const LAST_COMMIT_PAUSE: Duration = Duration::from_millis(20);

/// What the steps of a membership share. One is taken at a time, so the locks are not contended but
/// by the group's transactions.
pub(super) struct GroupContext {
    pub(super) client: Context,
    pub(super) member: Mutex<Box<dyn Member>>,
    /// Commits whose outcome is not known yet, oldest first.
    pub(super) commits: Mutex<VecDeque<u64>>,
    /// Partitions that the group wants back, while their calls are finished.
    revoked: Mutex<Option<TopicPartitionList>>,
    /// The partitions that are ours, and where the reading of each began last, unless the library was to find that.
    starts: Mutex<HashMap<PartitionRef, Option<i64>>>,
    /// The group is being left: what is revoked goes at once.
    closing: AtomicBool,
}

impl ClientContext for GroupContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.client.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.client.error(error, reason);
    }
}

impl ConsumerContext for GroupContext {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        event: RDKafkaRespErr,
        list: &mut TopicPartitionList,
    ) {
        metrics::counter!("kafka_rpc.server.rebalances").increment(1);
        if event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            self.assign(consumer, list);
        } else {
            self.revoke(consumer, list);
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, offsets: &TopicPartitionList) {
        self.committed_in_background(result.and_then(|()| first_error(offsets)));
    }
}

/// The present end of a partition; where it can't be told, what that is when the library asks.
fn end(consumer: &BaseConsumer<GroupContext>, partition: &PartitionRef) -> Offset {
    let end = consumer.fetch_watermarks(&partition.topic, partition.partition, COMMITTED_LIMIT);
    match end {
        Ok((_, end)) => Offset::Offset(end),
        Err(error) => {
            tracing::warn!(%error, ?partition, "can't tell the end yet");
            Offset::End
        }
    }
}

impl GroupContext {
    pub(super) fn new(member: Box<dyn Member>) -> Self {
        Self {
            client: Context::default(),
            member: Mutex::new(member),
            commits: Mutex::default(),
            revoked: Mutex::default(),
            starts: Mutex::default(),
            closing: AtomicBool::new(false),
        }
    }

    /// The partitions that are ours, and where the reading of each began last, as far as that is known.
    pub(super) fn starts(&self) -> Vec<(PartitionRef, Option<i64>)> {
        let starts = self.starts.lock();
        let starts = starts.iter();
        starts
            .map(|(partition, start)| (partition.clone(), *start))
            .collect()
    }

    /// A partition of ours is read from an offset on now.
    pub(super) fn begun(&self, partition: &PartitionRef, at: i64) {
        if let Some(start) = self.starts.lock().get_mut(partition) {
            *start = Some(at);
        }
    }

    /// The outcome of the oldest commit that has none yet.
    pub(super) fn committed_in_background(&self, outcome: KafkaResult<()>) {
        let Some(seq) = self.commits.lock().pop_front() else {
            return;
        };
        let outcome = outcome.map_err(|error| transport_error("commit offsets", &error));
        self.member.lock().committed(seq, outcome);
    }

    /// Commits what is finished. Then the group can be left without the others having to wait for
    /// a time-out.
    pub(super) fn close(&self, consumer: &BaseConsumer<Self>) {
        self.closing.store(true, Ordering::Relaxed);
        let pending = self.revoked.lock().take();
        if let Some(revoked) = pending {
            self.give_up(consumer, &revoked);
        }
        if consumer.assignment_lost() {
            return;
        }
        match consumer.assignment() {
            Ok(assigned) => self.release(consumer, &partitions(&assigned)),
            Err(error) => tracing::warn!(%error, "can't tell the assignment"),
        }
    }

    /// Reads on from the last commit, whose metadata tells what later offsets are finished.
    fn assign(&self, consumer: &BaseConsumer<Self>, assigned: &TopicPartitionList) {
        if self.closing.load(Ordering::Relaxed) {
            // The library waits for an answer; and it would give none, of a group that is being left.
            return take(consumer, assigned);
        }
        let committed = match assigned.count() {
            0 => None,
            _ => self.committed(consumer, assigned),
        };
        let mut start = TopicPartitionList::new();
        for (index, partition) in partitions(assigned).into_iter().enumerate() {
            let found = committed
                .as_ref()
                .and_then(|list| committed_offset(list, index));
            let from = self.member.lock().assigned(&partition, found);
            let offset = match (from, &committed) {
                (Start::At(offset), _) => Offset::Offset(offset),
                (Start::Beginning, Some(_)) => Offset::Beginning,
                // The lookup failed for long: let the library find the offset when it can.
                (Start::Beginning, None) => Offset::Stored,
                (Start::End, _) => end(consumer, &partition),
            };
            let known = match offset {
                Offset::Offset(at) => Some(at),
                _ => None,
            };
            self.starts.lock().insert(partition.clone(), known);
            if let Err(error) =
                start.add_partition_offset(&partition.topic, partition.partition, offset)
            {
                tracing::error!(%error, ?partition, "can't set the offset to read from");
            }
        }
        let outcome = assign(consumer, &start);
        let mut member = self.member.lock();
        match outcome {
            Ok(()) => member.joined(),
            Err(error) => member.failed(transport_error("take partitions over", &error)),
        }
    }

    fn committed(
        &self,
        consumer: &BaseConsumer<Self>,
        assigned: &TopicPartitionList,
    ) -> Option<TopicPartitionList> {
        let until = Instant::now() + COMMITTED_LIMIT_ALTOGETHER;
        loop {
            let outcome = consumer
                .committed_offsets(assigned.clone(), COMMITTED_LIMIT)
                .and_then(|list| first_error(&list).map(|()| list));
            match outcome {
                Ok(list) => return Some(list),
                Err(error) => {
                    tracing::warn!(%error, "can't read the committed offsets");
                    metrics::counter!("kafka_rpc.server.committed_lookup_failures").increment(1);
                }
            }
            if consumer.assignment_lost() || Instant::now() + RETRY_PAUSE > until {
                return None;
            }
            std::thread::sleep(RETRY_PAUSE);
        }
    }

    fn revoke(&self, consumer: &BaseConsumer<Self>, revoked: &TopicPartitionList) {
        let gone = partitions(revoked);
        if consumer.assignment_lost() {
            self.member.lock().lost(&gone);
            self.unassign(consumer, revoked);
        } else if self.closing.load(Ordering::Relaxed) {
            self.give_up(consumer, revoked);
        } else {
            self.member.lock().revoked(&gone);
            *self.revoked.lock() = Some(revoked.clone());
        }
    }

    /// Revoked partitions that are to be given up now: their calls are finished, or their grace is
    /// over.
    pub(super) fn revocation_due(
        &self,
        consumer: &BaseConsumer<Self>,
    ) -> Option<TopicPartitionList> {
        let mut revoked = self.revoked.lock();
        let list = revoked.as_ref()?;
        let due = consumer.assignment_lost() || self.member.lock().drained(&partitions(list));
        if due { revoked.take() } else { None }
    }

    pub(super) fn give_up(&self, consumer: &BaseConsumer<Self>, revoked: &TopicPartitionList) {
        self.release(consumer, &partitions(revoked));
        self.unassign(consumer, revoked);
    }

    /// The last commit, awaited: the next owner begins with it.
    fn release(&self, consumer: &BaseConsumer<Self>, gone: &[PartitionRef]) {
        let offsets: Vec<(PartitionRef, CommittedOffset)> = {
            let mut member = self.member.lock();
            gone.iter()
                .filter_map(|partition| Some((partition.clone(), member.release(partition)?)))
                .collect()
        };
        if offsets.is_empty() {
            return;
        }
        let outcome = commit_list(&offsets).and_then(|list| commit_last(consumer, &list));
        if let Err(error) = outcome {
            tracing::warn!(%error, "the last commit failed: what it covers is handled again");
            metrics::counter!("kafka_rpc.server.commit_failures").increment(1);
        }
    }

    fn unassign(&self, consumer: &BaseConsumer<Self>, gone: &TopicPartitionList) {
        for partition in partitions(gone) {
            self.starts.lock().remove(&partition);
        }
        let outcome = match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_unassign(gone),
            _ => consumer.unassign(),
        };
        if let Err(error) = outcome {
            tracing::warn!(%error, "giving partitions up");
        }
    }
}

fn assign(
    consumer: &BaseConsumer<GroupContext>,
    partitions: &TopicPartitionList,
) -> KafkaResult<()> {
    match consumer.rebalance_protocol() {
        RebalanceProtocol::Cooperative => consumer.incremental_assign(partitions),
        _ => consumer.assign(partitions),
    }
}

/// Partitions that come while the group is being left, and go with the others at once. Nothing of
/// them is handled.
fn take(consumer: &BaseConsumer<GroupContext>, partitions: &TopicPartitionList) {
    if let Err(error) = assign(consumer, partitions) {
        tracing::warn!(%error, "taking partitions over while the group is left");
    }
}

/// Commits, and tries it again where the group is between two generations: the partitions are ours
/// until we give them up.
fn commit_last(
    consumer: &BaseConsumer<GroupContext>,
    offsets: &TopicPartitionList,
) -> KafkaResult<()> {
    let until = Instant::now() + LAST_COMMIT_LIMIT;
    loop {
        match consumer.commit(offsets, CommitMode::Sync) {
            Err(error)
                if between_generations(&error)
                    && !consumer.assignment_lost()
                    && Instant::now() + LAST_COMMIT_PAUSE < until =>
            {
                tracing::debug!(%error, "the last commit is tried again");
                std::thread::sleep(LAST_COMMIT_PAUSE);
            }
            outcome => return outcome,
        }
    }
}

fn between_generations(error: &KafkaError) -> bool {
    let code = error.rdkafka_error_code();
    matches!(
        code,
        Some(RDKafkaErrorCode::RebalanceInProgress | RDKafkaErrorCode::IllegalGeneration)
    )
}

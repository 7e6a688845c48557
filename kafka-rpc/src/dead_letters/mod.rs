//! Requests that were not handled, or failed for good: to look at them, and to have them handled
//! again.

mod error;
mod letter;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

pub use self::error::DeadLettersError;
pub use self::letter::{DeadLetter, LetterId};
use crate::chunks::{MOST, Pieces, Taken, cutting};
use crate::descriptor::Method;
use crate::outside;
use crate::transport::{AcknowledgedWrites, Outgoing, PartitionRef, TopicState, Transport};
pub use crate::wire::LetterCause;
use crate::wire::{TopicNames, encode_replay};
use crate::{Cluster, Error};

/// How long the cluster may take for each step.
const LIMIT: Duration = Duration::from_secs(30);
/// How often a request can be replayed. One that comes back each time won't be handled the next time.
const MOST_REPLAYS: u32 = 2;
/// The most records that are read at a time.
const PAGE: usize = 256;

/// The dead letters of a request topic.
///
/// A [`Server`](crate::Server) writes them: requests that can't be handled and have nobody to be told,
/// those that failed at all attempts of their [`Redelivery`](crate::Redelivery), those that failed and
/// have no reply address, and where records are that can't be read.
///
/// They stay until the topic's retention is over or they are [purged](Self::purge), also when they have
/// been [replayed](Self::replay).
///
/// ```no_run
/// # async fn example(cluster: kafka_rpc::Cluster, method: kafka_rpc::Method) -> Result<(), kafka_rpc::BoxError> {
/// use kafka_rpc::DeadLetters;
///
/// let letters = DeadLetters::of(&cluster, method).await?;
/// for letter in letters.list(None, 100).await? {
///     println!("{} {}: {}", letter.id(), letter.cause(), letter.status().message());
///     letters.replay(letter.id()).await?;
/// }
/// # Ok(())
/// # }
/// ```
pub struct DeadLetters {
    transport: Arc<dyn Transport>,
    requests: Arc<str>,
    letters: Arc<str>,
    partitions: u32,
    replays: AcknowledgedWrites,
}

impl DeadLetters {
    /// Those of a method, or of a service where that has one topic for all of its methods. Must be
    /// called within a tokio runtime.
    ///
    /// # Errors
    /// When the cluster can't be used, or there is no dead-letter topic.
    pub async fn of(cluster: &Cluster, method: Method) -> Result<Self, Error> {
        let names = TopicNames::of(method, cluster.prefix());
        let names = names.map_err(|error| Error::Config(error.to_string()))?;
        Self::open(cluster, names.request, names.dead_letter).await
    }

    /// Those of a request topic, named in full.
    ///
    /// # Errors
    /// As those of [`of`](Self::of).
    pub async fn of_topic(cluster: &Cluster, requests: &str) -> Result<Self, Error> {
        let letters = format!("{requests}.dead-letter");
        Self::open(cluster, requests.into(), letters.into()).await
    }

    async fn open(cluster: &Cluster, requests: Arc<str>, letters: Arc<str>) -> Result<Self, Error> {
        let transport = cluster.transport();
        let states = transport.topics(&[Arc::clone(&letters)], LIMIT).await?;
        let partitions = match states.into_iter().next() {
            Some(TopicState::Ready { partitions, .. }) => partitions,
            Some(TopicState::Failed(error)) => return Err(error.into()),
            Some(TopicState::Denied) => {
                let message = format!("topic {letters}: the right to Read is missing");
                return Err(Error::Denied(message));
            }
            Some(TopicState::Missing) | None => {
                let message = format!(
                    "there is no topic {letters}: a server makes it when it starts, unless its \
                     `dead_letters` are off"
                );
                return Err(Error::Kafka(message));
            }
        };
        let replays = AcknowledgedWrites::open(&*transport, &[], |producer| {
            cutting(producer, Some(crate::DEFAULT_MESSAGE_LIMIT))
        })?;
        Ok(Self {
            transport,
            requests,
            letters,
            partitions,
            replays,
        })
    }

    /// The letters behind this one, or from the first on, at most so many: partition after partition,
    /// each from its oldest on.
    ///
    /// # Errors
    /// When the cluster can't be used.
    pub async fn list(
        &self,
        after: Option<LetterId>,
        most: usize,
    ) -> Result<Vec<DeadLetter>, DeadLettersError> {
        let begin = after.map_or(0, |id| id.partition);
        let mut letters = Vec::new();
        for index in begin..i32::try_from(self.partitions).unwrap_or(i32::MAX) {
            let partition = self.partition(index);
            let mut offsets = self.transport.bounds(&partition, LIMIT).await?;
            if let Some(after) = after.filter(|after| after.partition == index) {
                offsets.start = offsets.start.max(after.offset + 1);
            }
            let room = most.saturating_sub(letters.len());
            letters.extend(self.collect(&partition, offsets, room).await?);
        }
        Ok(letters)
    }

    /// One letter.
    ///
    /// # Errors
    /// [`DeadLettersError::Missing`] where there is none of this id, and when the cluster can't be used.
    pub async fn show(&self, id: LetterId) -> Result<DeadLetter, DeadLettersError> {
        let partition = self.partition(id.partition);
        if u32::try_from(id.partition).map_or(true, |index| index >= self.partitions) {
            return Err(DeadLettersError::Missing(id));
        }
        let bounds = self.transport.bounds(&partition, LIMIT).await?;
        if !bounds.contains(&id.offset) {
            return Err(DeadLettersError::Missing(id));
        }
        let offsets = id.offset..id.offset + 1;
        let mut found = self.collect(&partition, offsets, 1).await?.pop();
        if found
            .as_ref()
            .is_some_and(|letter| !letter.has_all_pieces())
        {
            // The pieces of its message are somewhere before it.
            let offsets = bounds.start..id.offset + 1;
            found = self.last(&partition, offsets).await?;
        }
        found
            .filter(|letter| letter.id() == id)
            .ok_or(DeadLettersError::Missing(id))
    }

    /// Writes the request of a letter to its topic again: with its key, headers and idempotency key, a
    /// new correlation id, and no reply address, since nobody waits there any more. Returns when the
    /// request is acknowledged.
    ///
    /// A request that fails again is a new letter, which says how often it has been replayed. One
    /// that has been twice is not replayed again.
    ///
    /// # Errors
    /// [`DeadLettersError::Missing`] and [`DeadLettersError::Incomplete`] where there is no request, or
    /// not all of it, [`DeadLettersError::Replayed`] where it was replayed twice, and when the cluster
    /// can't be used.
    pub async fn replay(&self, id: LetterId) -> Result<(), DeadLettersError> {
        let letter = self.show(id).await?;
        if !letter.is_whole() {
            return Err(DeadLettersError::Incomplete(id));
        }
        if letter.replays() >= MOST_REPLAYS {
            return Err(DeadLettersError::Replayed(id));
        }
        let correlation_id = outside::random_id().hyphenated().to_string();
        let replays = letter.replays() + 1;
        let record = letter.record();
        let request = Outgoing {
            topic: Arc::clone(&self.requests),
            // Where the caller chose a partition, it had a reason.
            partition: record.key.is_none().then(|| letter.origin().partition),
            patient: false,
            key: record.key.clone(),
            value: record.value.clone(),
            headers: encode_replay(&record.headers, correlation_id.as_bytes(), replays),
        };
        self.replays.send(request).await?;
        Ok(())
    }

    /// Deletes all letters that are there now. Needs the right `Delete` on the topic.
    ///
    /// # Errors
    /// When the cluster can't be used, or does not allow it. An embedded broker can't.
    pub async fn purge(&self) -> Result<(), DeadLettersError> {
        for index in 0..i32::try_from(self.partitions).unwrap_or(i32::MAX) {
            let partition = self.partition(index);
            let end = self.transport.bounds(&partition, LIMIT).await?.end;
            self.transport.delete_before(&partition, end, LIMIT).await?;
        }
        Ok(())
    }

    /// Deletes a letter and all before it in its partition: Kafka deletes no records from the middle.
    ///
    /// # Errors
    /// As those of [`purge`](Self::purge).
    pub async fn purge_through(&self, id: LetterId) -> Result<(), DeadLettersError> {
        let partition = self.partition(id.partition);
        let before = id.offset.saturating_add(1);
        Ok(self
            .transport
            .delete_before(&partition, before, LIMIT)
            .await?)
    }

    fn partition(&self, partition: i32) -> PartitionRef {
        PartitionRef {
            topic: Arc::clone(&self.letters),
            partition,
        }
    }

    /// Letters whose last records are at these offsets.
    async fn collect(
        &self,
        partition: &PartitionRef,
        mut offsets: Range<i64>,
        most: usize,
    ) -> Result<Vec<DeadLetter>, DeadLettersError> {
        let mut letters = Vec::new();
        let mut pieces = Pieces::new(Some(MOST));
        while letters.len() < most && !offsets.is_empty() {
            let page = PAGE.min(most - letters.len());
            letters.extend(
                self.page(partition, &mut offsets, page, &mut pieces)
                    .await?,
            );
        }
        Ok(letters)
    }

    /// The last of them.
    async fn last(
        &self,
        partition: &PartitionRef,
        mut offsets: Range<i64>,
    ) -> Result<Option<DeadLetter>, DeadLettersError> {
        let mut last = None;
        let mut pieces = Pieces::new(Some(MOST));
        while !offsets.is_empty() {
            let page = self
                .page(partition, &mut offsets, PAGE, &mut pieces)
                .await?;
            last = page.into_iter().next_back().or(last);
        }
        Ok(last)
    }

    /// The letters that end with the next records, at most so many. Takes these records' offsets away:
    /// all of them where there are no more.
    async fn page(
        &self,
        partition: &PartitionRef,
        offsets: &mut Range<i64>,
        most: usize,
        pieces: &mut Pieces<()>,
    ) -> Result<Vec<DeadLetter>, DeadLettersError> {
        let read = self.transport.read(partition, offsets.clone(), most, LIMIT);
        let records = read.await?;
        let last = records.last().map(|record| record.offset + 1);
        offsets.start = last.unwrap_or(offsets.end);
        let letters = records.into_iter().filter_map(|record| {
            match pieces.take((), record, Instant::now()) {
                Taken::Whole(record, _) => Some(DeadLetter::new(record, true)),
                Taken::Refused(record, ..) => Some(DeadLetter::new(record, false)),
                Taken::Piece => None,
            }
        });
        Ok(letters.collect())
    }
}

impl std::fmt::Debug for DeadLetters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeadLetters")
            .field("topic", &self.letters)
            .finish_non_exhaustive()
    }
}

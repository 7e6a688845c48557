use std::sync::Arc;
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::{Offset, TopicPartitionList};
use tokio::task::spawn_blocking;

use crate::soon;

/// How long the broker may take to answer.
const LIMIT: Duration = Duration::from_secs(10);
/// How often an offset is looked at.
const PAUSE: Duration = Duration::from_millis(5);

/// Looks at the offsets of a consumer group from outside, and commits for it.
pub struct Group {
    consumer: Arc<BaseConsumer>,
}

/// What a group has committed for a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The first offset that is not finished.
    pub offset: i64,
    /// What the group says beside it.
    pub metadata: String,
}

impl Group {
    pub(super) fn open(bootstrap: &str, name: &str) -> Self {
        let consumer = ClientConfig::new()
            .set("bootstrap.servers", bootstrap)
            .set("group.id", name)
            .set("enable.auto.commit", "false")
            .create()
            .expect("a consumer");
        Self {
            consumer: Arc::new(consumer),
        }
    }

    /// What is committed for a partition; `None` where nothing is.
    pub async fn committed(&self, topic: &str, partition: i32) -> Option<Committed> {
        let consumer = Arc::clone(&self.consumer);
        let mut asked = TopicPartitionList::new();
        asked.add_partition(topic, partition);
        let answer = spawn_blocking(move || consumer.committed_offsets(asked, LIMIT));
        let answer = answer
            .await
            .expect("no panic")
            .expect("the offsets are told");
        let element = answer
            .find_partition(topic, partition)
            .expect("what was asked for");
        match element.offset() {
            Offset::Offset(offset) => Some(Committed {
                offset,
                metadata: element.metadata().to_owned(),
            }),
            _ => None,
        }
    }

    /// Waits until what is committed for a partition is as a condition wants; `what` says in the
    /// panic's message what was waited for.
    ///
    /// # Panics
    /// When that does not happen within the time that [`soon`] allows.
    pub async fn reaches(
        &self,
        topic: &str,
        partition: i32,
        what: &str,
        condition: impl Fn(&Committed) -> bool,
    ) -> Committed {
        soon(what, async {
            loop {
                match self.committed(topic, partition).await {
                    Some(committed) if condition(&committed) => return committed,
                    _ => tokio::time::sleep(PAUSE).await,
                }
            }
        })
        .await
    }

    /// Commits for a group without members.
    pub async fn commit(&self, topic: &str, partition: i32, committed: Committed) {
        let consumer = Arc::clone(&self.consumer);
        let mut offsets = TopicPartitionList::new();
        let mut element = offsets.add_partition(topic, partition);
        element
            .set_offset(Offset::Offset(committed.offset))
            .expect("an offset");
        element.set_metadata(committed.metadata);
        let outcome = spawn_blocking(move || consumer.commit(&offsets, CommitMode::Sync));
        outcome
            .await
            .expect("no panic")
            .expect("the offsets are committed");
    }
}

impl std::fmt::Debug for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Group").finish_non_exhaustive()
    }
}

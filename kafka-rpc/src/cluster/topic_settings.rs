use std::collections::BTreeMap;
use std::time::Duration;

use crate::transport::NewTopic;

/// How topics that do not exist are created.
///
/// | setting | request topics | reply topics | dead-letter topics | deduplication topics |
/// |---|---|---|---|---|
/// | partitions | 4 | 4 | 1 | as its request topic |
/// | replication factor | the broker's default | the broker's default | the broker's default | the broker's default |
/// | `retention.ms` | the broker's default | 1 hour | 14 days | the window |
/// | `cleanup.policy` | `delete` | `delete` | `delete` | `compact,delete` |
/// | `message.timestamp.type` | the broker's default | `LogAppendTime` | `LogAppendTime` | `LogAppendTime` |
/// | `compression.type` | `uncompressed` | `uncompressed` | `uncompressed` | `uncompressed` |
/// | `max.message.bytes` | 1.0625 MiB | 1.0625 MiB | 1.0625 MiB | 1.0625 MiB |
///
/// The broker unpacks compressed batches itself, so that none can grow past a reader's limits;
/// the size leaves room for a message of 1 MiB with its headers. A topic that exists is left as it
/// is.
#[derive(Clone, Debug)]
pub struct TopicSettings {
    create: bool,
    partitions: u32,
    reply_partitions: u32,
    replication: Option<u16>,
    requests: BTreeMap<String, String>,
    replies: BTreeMap<String, String>,
    dead_letters: BTreeMap<String, String>,
    deduplication: BTreeMap<String, String>,
}

/// Room for a message of the default limit and its headers.
const MAX_MESSAGE_BYTES: usize = 1024 * 1024 + 64 * 1024;

/// How long a segment of records of calls may be written to: only those before it are compacted, and
/// deleted.
const LEAST_SEGMENT: Duration = Duration::from_secs(60);
const MOST_SEGMENT: Duration = Duration::from_secs(24 * 60 * 60);

/// Two weeks, in milliseconds: longer than people are away.
const DEAD_LETTER_RETENTION: &str = "1209600000";

impl Default for TopicSettings {
    fn default() -> Self {
        let owned = |(name, value): (&str, String)| (name.to_owned(), value);
        let common = [
            ("cleanup.policy", "delete".to_owned()),
            ("compression.type", "uncompressed".to_owned()),
            ("max.message.bytes", MAX_MESSAGE_BYTES.to_string()),
        ];
        let requests: BTreeMap<_, _> = common.into_iter().map(owned).collect();
        // How long they are kept is not for the clock of whichever server has written them to say. A
        // request's deadline counts from the time that its caller has given it.
        let mut replies = requests.clone();
        replies.insert(
            "message.timestamp.type".to_owned(),
            "LogAppendTime".to_owned(),
        );
        let mut dead_letters = replies.clone();
        dead_letters.insert("retention.ms".to_owned(), DEAD_LETTER_RETENTION.to_owned());
        let mut deduplication = replies.clone();
        deduplication.insert("cleanup.policy".to_owned(), "compact,delete".to_owned());
        // Old segments go as a whole, so they have to end in time.
        replies.extend(
            [
                ("retention.ms", "3600000".to_owned()),
                ("segment.ms", "600000".to_owned()),
            ]
            .map(owned),
        );
        Self {
            create: true,
            partitions: 4,
            reply_partitions: 4,
            replication: None,
            requests,
            replies,
            dead_letters,
            deduplication,
        }
    }
}

impl TopicSettings {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates nothing: a missing topic is an error that tells how to make it.
    #[must_use]
    pub fn create(mut self, create: bool) -> Self {
        self.create = create;
        self
    }

    /// Partitions of request topics, and so the most servers that share a method's calls. At
    /// least 1; 4 by default.
    #[must_use]
    pub fn partitions(mut self, count: u32) -> Self {
        self.partitions = count.max(1);
        self
    }

    /// Partitions of reply topics. Each client reads one of them. At least 1; 4 by default.
    #[must_use]
    pub fn reply_partitions(mut self, count: u32) -> Self {
        self.reply_partitions = count.max(1);
        self
    }

    /// Replicas of each partition. The broker's default unless set.
    #[must_use]
    pub fn replication(mut self, factor: u16) -> Self {
        self.replication = Some(factor);
        self
    }

    /// How long requests are kept. The broker's default unless set.
    #[must_use]
    pub fn request_retention(self, time: Duration) -> Self {
        self.request_config("retention.ms", time.as_millis().to_string())
    }

    /// How long replies are kept; more than the longest deadline. 1 hour by default.
    #[must_use]
    pub fn reply_retention(self, time: Duration) -> Self {
        self.reply_config("retention.ms", time.as_millis().to_string())
    }

    /// How long dead letters are kept: until then somebody has to look at them. 14 days by default.
    #[must_use]
    pub fn dead_letter_retention(self, time: Duration) -> Self {
        self.dead_letter_config("retention.ms", time.as_millis().to_string())
    }

    /// Any configuration of request topics.
    #[must_use]
    pub fn request_config(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.requests.insert(name.into(), value.into());
        self
    }

    /// Any configuration of reply topics.
    #[must_use]
    pub fn reply_config(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.replies.insert(name.into(), value.into());
        self
    }

    /// Any configuration of dead-letter topics. They have one partition.
    #[must_use]
    pub fn dead_letter_config(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.dead_letters.insert(name.into(), value.into());
        self
    }

    /// Any configuration of the topics of
    /// [`deduplication_topics`](crate::ServerBuilder::deduplication_topics). They have as many
    /// partitions as their request topics.
    #[must_use]
    pub fn deduplication_config(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.deduplication.insert(name.into(), value.into());
        self
    }

    pub(crate) fn may_create(&self) -> bool {
        self.create
    }

    pub(crate) fn request_topic(&self, name: &str) -> NewTopic {
        self.topic(name, self.partitions, &self.requests)
    }

    pub(crate) fn reply_topic(&self, name: &str) -> NewTopic {
        self.topic(name, self.reply_partitions, &self.replies)
    }

    pub(crate) fn dead_letter_topic(&self, name: &str) -> NewTopic {
        self.topic(name, 1, &self.dead_letters)
    }

    /// For records that are kept for `window`.
    pub(crate) fn deduplication_topic(
        &self,
        name: &str,
        partitions: u32,
        window: Duration,
    ) -> NewTopic {
        let mut config = self.deduplication.clone();
        let segment = (window / 4).clamp(LEAST_SEGMENT, MOST_SEGMENT);
        for (name, time) in [("retention.ms", window), ("segment.ms", segment)] {
            let unset = || time.as_millis().to_string();
            config.entry(name.to_owned()).or_insert_with(unset);
        }
        self.topic(name, partitions, &config)
    }

    fn topic(&self, name: &str, partitions: u32, config: &BTreeMap<String, String>) -> NewTopic {
        NewTopic {
            name: name.into(),
            partitions,
            replication: self.replication,
            config: config.clone().into_iter().collect(),
        }
    }
}

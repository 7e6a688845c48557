use std::sync::Arc;
use std::time::Duration;

use crate::descriptor::{Method, Redelivery};
use crate::hashing::HashSet;
use crate::server::dead_letters::LetterTopic;
use crate::server::deduplication::RecordTopic;
use crate::wire::HeaderLimits;

/// The methods whose requests come in one topic.
#[derive(Debug)]
pub(in crate::server) struct TopicRoute {
    pub(in crate::server) reply: Arc<str>,
    /// `None` where there are no dead letters.
    pub(in crate::server) dead_letters: Option<LetterTopic>,
    /// Where it is recorded what deduplicated calls came to, if in a topic.
    pub(in crate::server) records: Option<RecordTopic>,
    pub(in crate::server) methods: Vec<Served>,
}

/// A method that is served.
#[derive(Debug)]
pub(in crate::server) struct Served {
    pub(in crate::server) method: Method,
    pub(in crate::server) redelivery: Option<Redelivery>,
}

/// What the router checks requests against.
#[derive(Clone, Debug)]
pub(in crate::server) struct Rules {
    pub(in crate::server) message_limit: usize,
    /// Whether messages in pieces are put together before they come here.
    pub(in crate::server) in_pieces: bool,
    /// The time that a request has which names none.
    pub(in crate::server) default_timeout: Duration,
    /// Reply topics that are allowed besides each method's own.
    pub(in crate::server) reply_topics: HashSet<String>,
    pub(in crate::server) headers: HeaderLimits,
    /// Whether calls of methods that are marked so are deduplicated here.
    pub(in crate::server) deduplicates: bool,
}

use std::sync::Arc;

use super::TransportError;

/// What is known of a topic.
#[derive(Clone, Debug)]
pub(crate) enum TopicState {
    /// It exists, with so many partitions.
    Ready { partitions: u32, access: Access },
    /// It does not exist.
    Missing,
    /// No right to see it.
    Denied,
    /// The broker could not tell.
    Failed(TransportError),
}

/// What this client may do with a topic, as far as the cluster tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Access {
    pub(crate) read: bool,
    pub(crate) write: bool,
}

impl Access {
    /// Where nobody may be denied anything.
    pub(crate) const ALL: Self = Self {
        read: true,
        write: true,
    };
}

/// A topic to be created.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct NewTopic {
    pub(crate) name: Arc<str>,
    pub(crate) partitions: u32,
    /// `None`: the broker's default.
    pub(crate) replication: Option<u16>,
    pub(crate) config: Vec<(String, String)>,
}

/// How the creation of a topic went.
#[derive(Clone, Debug)]
pub(crate) enum CreateOutcome {
    /// It is there now, made by this call or by somebody else.
    Created,
    /// No right to create it.
    Denied,
    /// The broker refused.
    Refused(TransportError),
}

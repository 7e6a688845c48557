use std::fmt;

/// What kind of trouble a transport has: what its caller can do about it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Failure {
    /// Brokers can't be reached, or did not answer in time. Later it may work.
    Unreachable,
    /// The local queue is full.
    QueueFull,
    /// The record is larger than the topic or the broker takes.
    TooLarge,
    /// A topic or a partition that does not exist.
    Missing,
    /// No right to do it, or the credentials were refused.
    Denied,
    /// A setting that the client library or the broker refuses.
    Config,
    /// The client can't go on; a new one has to be made.
    Fatal,
    /// Anything else.
    Other,
}

/// Why the transport could not do something.
#[derive(Clone, Debug)]
pub(crate) struct TransportError {
    pub(crate) failure: Failure,
    pub(crate) message: String,
    /// Of a record that could not be written: whether it surely is in no partition.
    pub(crate) unwritten: bool,
}

impl TransportError {
    pub(crate) fn new(failure: Failure, message: impl Into<String>) -> Self {
        Self {
            failure,
            message: message.into(),
            unwritten: false,
        }
    }

    /// The record surely is in no partition.
    pub(crate) fn unwritten(mut self) -> Self {
        self.unwritten = true;
        self
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TransportError {}

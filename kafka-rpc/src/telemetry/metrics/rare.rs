//! What happens too rarely for its handles to be kept.

use super::catalogue::{
    ANSWERED, COMMIT_FAILURES, ORPHANED_REPLIES, REASON, REFUSED_REQUESTS, REPEATED_RECORDS,
};

/// Why a request never reached a handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// A header of the contract is missing, came twice, or has a value that it can't have.
    Malformed,
    /// There are too many headers, or the headers or the body are too long.
    TooLarge,
    /// The reply topic is neither the method's own nor allowed.
    ReplyTopic,
    /// The service or the method is not hosted here.
    UnknownMethod,
    /// The body is in an encoding that is not enabled.
    ContentType,
}

impl Refused {
    fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::ReplyTopic => "reply_topic",
            Self::UnknownMethod => "unknown_method",
            Self::ContentType => "content_type",
        }
    }
}

/// A request is refused: with a status to its caller, or stepped past where there is nobody to tell.
pub(crate) fn refused_request(reason: Refused, answered: bool) {
    let answered = if answered { "true" } else { "false" };
    metrics::counter!(REFUSED_REQUESTS, REASON => reason.as_str(), ANSWERED => answered)
        .increment(1);
}

/// A record came again after it was finished, and is stepped past.
pub(crate) fn repeated_record() {
    metrics::counter!(REPEATED_RECORDS).increment(1);
}

/// Replies came that no call waits for.
pub(crate) fn orphaned_replies(count: usize) {
    metrics::counter!(ORPHANED_REPLIES).increment(count as u64);
}

/// A commit failed.
pub(crate) fn commit_failed() {
    metrics::counter!(COMMIT_FAILURES).increment(1);
}

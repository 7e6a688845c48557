//! What happens too rarely for its handles to be kept.

use super::catalogue::{
    ANSWERED, BROKEN_STREAMS, CAUSE, CLIENT_STREAMS, COMMIT_FAILURES, DEAD_LETTER_RETRIES,
    DEAD_LETTERS, DEDUPLICATED, DEDUPLICATION_EVICTIONS, DEDUPLICATION_FAILURES, DRAIN_TIMEOUTS,
    HANDLER_PANICS, HEDGES, HELD_BACK, LOST_CANCELS, LOST_REPLIES, LOST_STREAMS, ORPHANED_REPLIES,
    REASON, REDELIVERIES, REFUSED_REQUESTS, REPEATED_RECORDS, REPLY_RETRIES, RESENT_REQUESTS,
    RESUMED_STREAMS, RETRIES, RPC_METHOD, SERVER_STREAMS, SILENT_CALLERS, STEP, STRAY_FRAMES,
    TOPIC,
};
use crate::descriptor::Method;
use crate::wire::LetterCause;

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
    /// As many streams are open as may be.
    TooMany,
}

impl Refused {
    fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::ReplyTopic => "reply_topic",
            Self::UnknownMethod => "unknown_method",
            Self::TooMany => "too_many",
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

/// A handler panicked; its caller is told `INTERNAL`.
pub(crate) fn handler_panicked() {
    metrics::counter!(HANDLER_PANICS).increment(1);
}

/// A reply could not be written and is sent again.
pub(crate) fn reply_retried() {
    metrics::counter!(REPLY_RETRIES).increment(1);
}

/// A reply could not be written at all.
pub(crate) fn reply_lost() {
    metrics::counter!(LOST_REPLIES).increment(1);
}

/// A failed call is handled again.
pub(crate) fn redelivered() {
    metrics::counter!(REDELIVERIES).increment(1);
}

/// A call is answered with what is recorded of an earlier one.
pub(crate) fn deduplicated(method: &'static str) {
    metrics::counter!(DEDUPLICATED, RPC_METHOD => method).increment(1);
}

/// The record of a call could not be found, or kept.
pub(crate) fn deduplication_failed(step: &'static str) {
    metrics::counter!(DEDUPLICATION_FAILURES, STEP => step).increment(1);
}

/// The record of a call was dropped before its time for want of room.
pub(crate) fn record_evicted() {
    metrics::counter!(DEDUPLICATION_EVICTIONS).increment(1);
}

/// A request became a dead letter, since it could not be handled or failed for good.
pub(crate) fn dead_letter(request_topic: &str, cause: LetterCause) {
    let topic = request_topic.to_owned();
    metrics::counter!(DEAD_LETTERS, TOPIC => topic, CAUSE => cause.as_str()).increment(1);
}

/// A dead letter could not be written and is sent again.
pub(crate) fn dead_letter_retried() {
    metrics::counter!(DEAD_LETTER_RETRIES).increment(1);
}

/// A cancel could not be written: the handler runs on.
pub(crate) fn cancel_lost() {
    metrics::counter!(LOST_CANCELS).increment(1);
}

/// Another attempt is made at a call, beside one that is under way where it is a hedge.
pub(crate) fn call_repeated(method: Method, hedge: bool) {
    let name = if hedge { HEDGES } else { RETRIES };
    metrics::counter!(name, RPC_METHOD => method.descriptor().path).increment(1);
}

/// The retry budget kept a call from another attempt.
pub(crate) fn repeat_held_back(method: Method) {
    metrics::counter!(HELD_BACK, RPC_METHOD => method.descriptor().path).increment(1);
}

/// A request that was written nowhere is sent again.
pub(crate) fn request_resent() {
    metrics::counter!(RESENT_REQUESTS).increment(1);
}

/// A server ended before its handlers did.
pub(crate) fn drain_timed_out() {
    metrics::counter!(DRAIN_TIMEOUTS).increment(1);
}

/// A stream is open at a server.
pub(crate) fn server_stream_opened() {
    metrics::gauge!(SERVER_STREAMS).increment(1);
}

/// It is over.
pub(crate) fn server_stream_closed() {
    metrics::gauge!(SERVER_STREAMS).decrement(1);
}

/// A frame came for a stream that is not open.
pub(crate) fn stray_frame() {
    metrics::counter!(STRAY_FRAMES).increment(1);
}

/// A caller of a stream broke the contract.
pub(crate) fn broken_stream() {
    metrics::counter!(BROKEN_STREAMS).increment(1);
}

/// A stream was ended since its caller had been silent for too long.
pub(crate) fn silent_caller() {
    metrics::counter!(SILENT_CALLERS).increment(1);
}

/// A stream is open at a channel.
pub(crate) fn client_stream_opened() {
    metrics::gauge!(CLIENT_STREAMS).increment(1);
}

/// It is over.
pub(crate) fn client_stream_closed() {
    metrics::gauge!(CLIENT_STREAMS).decrement(1);
}

/// The server of a stream is gone.
pub(crate) fn stream_lost() {
    metrics::counter!(LOST_STREAMS).increment(1);
}

/// A stream goes on at another server.
pub(crate) fn stream_resumed() {
    metrics::counter!(RESUMED_STREAMS).increment(1);
}

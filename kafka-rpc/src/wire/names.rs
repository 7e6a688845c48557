//! The names of the headers that mean something to us; all others are metadata.

/// The call's id, echoed in its reply. On requests and replies.
pub(crate) const CORRELATION_ID: &str = "kafka_correlationId";
/// The topic that the reply is to be written to. On requests.
pub(crate) const REPLY_TOPIC: &str = "kafka_replyTopic";
/// The partition of the reply topic that the caller reads. On requests.
pub(crate) const REPLY_PARTITION: &str = "kafka_replyPartition";
/// The method called, as `package.Service/Method`. On requests.
pub(crate) const METHOD: &str = "rpc-method";
/// How the record's value is encoded. On requests and replies.
pub(crate) const CONTENT_TYPE: &str = "content-type";
/// How long after the record's timestamp the call's deadline is. On requests.
pub(crate) const TIMEOUT: &str = "grpc-timeout";
/// What the record is to its call, where it is not the request itself.
pub(crate) const FRAME: &str = "rpc-frame";
/// The number of a message in its direction of a stream, in decimal. On streams' records.
pub(crate) const SEQ: &str = "rpc-seq";
/// What the other side may send in all. On requests of streams, and where `rpc-frame` says so.
pub(crate) const CREDIT: &str = "rpc-credit";
/// The number of the last message that the caller has of a stream that goes on. On requests.
pub(crate) const RESUME: &str = "rpc-resume";
/// Of the last piece of a message in pieces: what the whole is.
pub(crate) const CHUNKS: &str = "rpc-chunks";
/// Which instance answers a call that goes to all of them. On replies.
pub(crate) const INSTANCE: &str = "rpc-instance";
/// On a request that is left with Kafka: its caller need not be there when it ends.
pub(crate) const DURABLE: &str = "rpc-durable";
/// What tells that two calls are the same. On requests.
pub(crate) const IDEMPOTENCY_KEY: &str = "rpc-idempotency-key";
/// The code of the call's status, in decimal. On replies.
pub(crate) const STATUS: &str = "grpc-status";
/// The status's message, percent-encoded. On replies.
pub(crate) const STATUS_MESSAGE: &str = "grpc-message";
/// The status's details, raw bytes. On replies.
pub(crate) const STATUS_DETAILS: &str = "grpc-status-details-bin";

/// Why the request is a dead letter. On dead letters, as all that follow.
pub(crate) const LETTER_CAUSE: &str = "rpc-dead-letter-cause";
/// The code of the status that it ended with, in decimal.
pub(crate) const LETTER_CODE: &str = "rpc-dead-letter-code";
/// That status's message, percent-encoded.
pub(crate) const LETTER_MESSAGE: &str = "rpc-dead-letter-message";
/// How often its handler was started, in decimal.
pub(crate) const LETTER_ATTEMPTS: &str = "rpc-dead-letter-attempts";
/// When the letter was written, in milliseconds since the Unix epoch.
pub(crate) const LETTER_TIME: &str = "rpc-dead-letter-time";
/// Which instance of the server wrote it.
pub(crate) const LETTER_INSTANCE: &str = "rpc-dead-letter-instance";
/// The topic that the request was read from.
pub(crate) const LETTER_TOPIC: &str = "rpc-dead-letter-topic";
/// The partition of that topic, in decimal.
pub(crate) const LETTER_PARTITION: &str = "rpc-dead-letter-partition";
/// The request's offset in it, in decimal.
pub(crate) const LETTER_OFFSET: &str = "rpc-dead-letter-offset";
/// Of records that can't be read: the offset of the last of them, in decimal.
pub(crate) const LETTER_LAST_OFFSET: &str = "rpc-dead-letter-last-offset";
/// The request's own time, in milliseconds since the Unix epoch.
pub(crate) const LETTER_TIMESTAMP: &str = "rpc-dead-letter-timestamp";
/// How many bytes the request's value has, where it was left out.
pub(crate) const LETTER_OMITTED: &str = "rpc-dead-letter-omitted";
/// How often the request has been replayed, in decimal. Also on requests that were.
pub(crate) const LETTER_REPLAYS: &str = "rpc-dead-letter-replays";

/// The names that have numbers, each at its [number](number).
pub(super) const ALL: [&str; 17] = [
    CORRELATION_ID,
    REPLY_TOPIC,
    REPLY_PARTITION,
    METHOD,
    CONTENT_TYPE,
    TIMEOUT,
    FRAME,
    STATUS,
    STATUS_MESSAGE,
    STATUS_DETAILS,
    SEQ,
    CREDIT,
    RESUME,
    CHUNKS,
    INSTANCE,
    DURABLE,
    IDEMPOTENCY_KEY,
];

/// A name that means something to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Known {
    CorrelationId,
    ReplyTopic,
    ReplyPartition,
    Method,
    ContentType,
    Timeout,
    Frame,
    Status,
    StatusMessage,
    StatusDetails,
    Seq,
    Credit,
    Resume,
    Chunks,
    Instance,
    Durable,
    IdempotencyKey,
}

/// In the order of [`ALL`].
pub(super) const KNOWN: [Known; ALL.len()] = [
    Known::CorrelationId,
    Known::ReplyTopic,
    Known::ReplyPartition,
    Known::Method,
    Known::ContentType,
    Known::Timeout,
    Known::Frame,
    Known::Status,
    Known::StatusMessage,
    Known::StatusDetails,
    Known::Seq,
    Known::Credit,
    Known::Resume,
    Known::Chunks,
    Known::Instance,
    Known::Durable,
    Known::IdempotencyKey,
];

impl Known {
    pub(super) fn text(self) -> &'static str {
        ALL[self as usize]
    }
}

/// The name of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name<'h> {
    Known(Known),
    Other(&'h str),
}

/// The place of a name in [`ALL`], if it is one of them.
pub(super) fn number(name: &[u8]) -> Option<u8> {
    let place = ALL.iter().position(|known| known.as_bytes() == name)?;
    u8::try_from(place).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_the_number_of_its_place() {
        for (place, name) in (0..).zip(ALL) {
            assert_eq!(number(name.as_bytes()), Some(place), "{name}");
            assert_eq!(KNOWN[usize::from(place)] as u8, place, "{name}");
        }
        assert_eq!(number(b"rpc-other!"), None);
        assert_eq!(number(b""), None);
    }
}

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
/// The code of the call's status, in decimal. On replies.
pub(crate) const STATUS: &str = "grpc-status";
/// The status's message, percent-encoded. On replies.
pub(crate) const STATUS_MESSAGE: &str = "grpc-message";
/// The status's details, raw bytes. On replies.
pub(crate) const STATUS_DETAILS: &str = "grpc-status-details-bin";

/// Whether a name is kept from metadata: `content-type`, and all that begins with `kafka_`, `grpc-` or `rpc-`, whether
/// it has a meaning today or not.
pub(crate) fn is_reserved(name: &str) -> bool {
    name == CONTENT_TYPE
        || ["kafka_", "grpc-", "rpc-"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_contract_is_reserved() {
        let names = [
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
            "rpc-idempotency-key",
        ];
        assert!(names.into_iter().all(is_reserved));
    }

    #[test]
    fn names_of_users_and_of_trace_context_are_free() {
        let names = [
            "traceparent",
            "tracestate",
            "baggage",
            "x-user",
            "grpc",
            "rpc_x",
            "kafka-x",
        ];
        assert!(!names.into_iter().any(is_reserved));
    }
}

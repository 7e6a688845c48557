use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;

use super::context::LastError;
use crate::transport::{Failure, TransportError};

/// What an error code of librdkafka or of a broker means for its caller.
pub(super) fn failure(code: RDKafkaErrorCode) -> Failure {
    use RDKafkaErrorCode as E;
    match code {
        E::BrokerTransportFailure
        | E::AllBrokersDown
        | E::Resolve
        | E::OperationTimedOut
        | E::MessageTimedOut
        | E::TimedOutQueue
        | E::RequestTimedOut
        | E::NetworkException
        | E::LeaderNotAvailable
        | E::NotLeaderForPartition
        | E::CoordinatorNotAvailable
        | E::CoordinatorLoadInProgress
        | E::NotCoordinator
        | E::NotEnoughReplicas
        | E::NotEnoughReplicasAfterAppend
        | E::Retry => Failure::Unreachable,
        E::QueueFull => Failure::QueueFull,
        E::MessageSizeTooLarge | E::InvalidMessageSize => Failure::TooLarge,
        E::UnknownTopic | E::UnknownTopicOrPartition | E::UnknownPartition => Failure::Missing,
        E::Authentication
        | E::SaslAuthenticationFailed
        | E::TopicAuthorizationFailed
        | E::GroupAuthorizationFailed
        | E::ClusterAuthorizationFailed
        | E::TransactionalIdAuthorizationFailed
        | E::SSL => Failure::Denied,
        E::InvalidArgument | E::InvalidConfig | E::PolicyViolation | E::NotImplemented => {
            Failure::Config
        }
        E::Fatal
        | E::Fenced
        | E::FencedInstanceId
        | E::ProducerFenced
        | E::PurgeQueue
        | E::PurgeInflight => Failure::Fatal,
        _ => Failure::Other,
    }
}

/// `doing` completes "can't …".
pub(super) fn transport_error(doing: &str, error: &KafkaError) -> TransportError {
    match error {
        KafkaError::ClientConfig(_, reason, key, value) => TransportError::new(
            Failure::Config,
            format!("can't {doing}: property {key}={value}: {reason}"),
        ),
        KafkaError::ClientCreation(reason) => {
            TransportError::new(Failure::Config, format!("can't {doing}: {reason}"))
        }
        other => {
            let failure = other.rdkafka_error_code().map_or(Failure::Other, failure);
            TransportError::new(failure, format!("can't {doing}: {other}"))
        }
    }
}

/// As [`transport_error`], but a time-out is explained by the last error that the client reported.
pub(super) fn explained(doing: &str, error: &KafkaError, last: &LastError) -> TransportError {
    let plain = transport_error(doing, error);
    match (plain.failure, last.get()) {
        (Failure::Unreachable, Some((code, reason))) => TransportError::new(
            match failure(code) {
                Failure::Other | Failure::Fatal => Failure::Unreachable,
                known => known,
            },
            format!("can't {doing}: {reason}"),
        ),
        _ => plain,
    }
}

use std::sync::Arc;

use parking_lot::Mutex;
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;

/// The last trouble that a client library instance reported, to explain a time-out with.
#[derive(Clone, Debug, Default)]
pub(super) struct LastError(Arc<Mutex<Option<(RDKafkaErrorCode, String)>>>);

impl LastError {
    pub(super) fn set(&self, code: RDKafkaErrorCode, reason: &str) {
        let mut last = self.0.lock();
        // "All brokers are down" follows each reason; the reason is worth more.
        if code == RDKafkaErrorCode::AllBrokersDown && last.is_some() {
            return;
        }
        *last = Some((code, reason.to_owned()));
    }

    pub(super) fn get(&self) -> Option<(RDKafkaErrorCode, String)> {
        self.0.lock().clone()
    }
}

/// Brings librdkafka's log lines and errors to `tracing`.
#[derive(Clone, Debug, Default)]
pub(super) struct Context {
    pub(super) last_error: LastError,
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error
            | RDKafkaLogLevel::Warning => {
                tracing::warn!(target: "kafka_rpc::librdkafka", facility, "{message}");
            }
            RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => {
                tracing::info!(target: "kafka_rpc::librdkafka", facility, "{message}");
            }
            RDKafkaLogLevel::Debug => {
                tracing::debug!(target: "kafka_rpc::librdkafka", facility, "{message}");
            }
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail);
        match code {
            // The first is told many times a second while it lasts, besides each broker's own trouble.
            // Of the second, a member of a group tells itself; others need no right to theirs.
            RDKafkaErrorCode::AllBrokersDown | RDKafkaErrorCode::GroupAuthorizationFailed => {
                tracing::debug!(target: "kafka_rpc::librdkafka", %code, "{reason}");
            }
            _ => tracing::warn!(target: "kafka_rpc::librdkafka", %code, "{reason}"),
        }
        self.last_error.set(code, reason);
    }
}

use std::ffi::CStr;
use std::ptr::NonNull;

use rdkafka::bindings::{
    rd_kafka_error_code, rd_kafka_error_destroy, rd_kafka_error_is_fatal,
    rd_kafka_error_is_retriable, rd_kafka_error_string, rd_kafka_error_t,
    rd_kafka_error_txn_requires_abort,
};
use rdkafka::types::RDKafkaErrorCode;

use super::turns::Trouble;
use crate::transport::kafka::error::failure;
use crate::transport::{Failure, TransportError};

/// What a call of librdkafka's transactional interface has to say.
#[derive(Debug)]
pub(super) struct StepError {
    code: RDKafkaErrorCode,
    message: String,
    fatal: bool,
    /// The same call can be made again.
    pub(super) retriable: bool,
    requires_abort: bool,
}

impl StepError {
    /// # Safety
    /// The pointer is what such a call has returned; it is not used again.
    pub(super) unsafe fn check(error: *mut rd_kafka_error_t) -> Result<(), Self> {
        let Some(error) = NonNull::new(error) else {
            return Ok(());
        };
        // SAFETY: the caller's promise. Its text lives as long as it does, and is copied.
        unsafe {
            let found = Self {
                code: rd_kafka_error_code(error.as_ptr()).into(),
                message: CStr::from_ptr(rd_kafka_error_string(error.as_ptr()))
                    .to_string_lossy()
                    .into_owned(),
                fatal: rd_kafka_error_is_fatal(error.as_ptr()) != 0,
                retriable: rd_kafka_error_is_retriable(error.as_ptr()) != 0,
                requires_abort: rd_kafka_error_txn_requires_abort(error.as_ptr()) != 0,
            };
            rd_kafka_error_destroy(error.as_ptr());
            Err(found)
        }
    }

    /// `doing` completes "can't …".
    pub(super) fn trouble(self, doing: &str) -> Trouble {
        let message = format!("can't {doing}: {}", self.message);
        let error = TransportError::new(failure(self.code), message);
        match error.failure {
            Failure::Denied | Failure::Config => Trouble::Hopeless(error),
            _ if self.requires_abort && !self.fatal => Trouble::Abort(error),
            // What is neither can't be gone on with either: a new producer settles it.
            _ => Trouble::Fatal(error),
        }
    }
}

use std::sync::Arc;

use super::waiting::{Ended, Outcome, WaitingCalls};
use crate::call::Status;
use crate::telemetry;
use crate::transport::{
    Deliveries, Delivery, Failure, Record, Records, TransportError, Undelivered,
};
use crate::wire::{Frame, HeaderLimits, decode_reply, decode_request};

/// Brings replies to the calls that wait for them.
pub(super) struct Replies {
    calls: Arc<WaitingCalls>,
    message_limit: usize,
    /// Those of the batch at hand.
    outcomes: Vec<(u128, Outcome)>,
    ended: Vec<Ended>,
}

impl Replies {
    pub(super) fn new(calls: Arc<WaitingCalls>, message_limit: usize) -> Self {
        Self {
            calls,
            message_limit,
            outcomes: Vec::new(),
            ended: Vec::new(),
        }
    }

    /// Which of our calls a record ends, and how; `None` for what is none of our replies.
    fn read(&self, record: Record) -> Option<(u128, Outcome)> {
        let head = decode_reply(&record.headers, &HeaderLimits::default()).ok()?;
        let id = head.correlation_id.uuid()?;
        let outcome = head.outcome.and_then(|message| {
            if record.value.len() > self.message_limit {
                return Err(Status::resource_exhausted(format!(
                    "the reply has {} bytes; the channel takes at most {}",
                    record.value.len(),
                    self.message_limit
                )));
            }
            Ok((message, record.value))
        });
        Some((id, outcome))
    }
}

impl Records for Replies {
    fn records(&mut self, batch: &mut Vec<Record>) {
        let mut orphans = 0;
        for record in batch.drain(..) {
            match self.read(record) {
                Some(outcome) => self.outcomes.push(outcome),
                None => orphans += 1,
            }
        }
        orphans += self.calls.end_all(&mut self.outcomes, &mut self.ended);
        if orphans > 0 {
            // Late, repeated, or for another client that shares the partition.
            telemetry::orphaned_replies(orphans);
        }
    }
}

/// Ends the calls whose requests could not be sent.
pub(super) struct Requests {
    calls: Arc<WaitingCalls>,
}

impl Requests {
    pub(super) fn new(calls: Arc<WaitingCalls>) -> Self {
        Self { calls }
    }
}

impl Deliveries for Requests {
    fn delivered(&self, batch: &mut Vec<Delivery>) {
        for Delivery { outcome, .. } in batch.drain(..) {
            let Err(undelivered) = outcome else { continue };
            let Undelivered { record, error } = *undelivered;
            let head = decode_request(&record.headers, &record.topic, &HeaderLimits::default());
            match head {
                Ok(head) if head.frame == Frame::Request => {
                    if let Some(uuid) = head.correlation_id.and_then(|id| id.uuid()) {
                        self.calls.end(uuid, Err(not_sent(&error)));
                    }
                }
                _ => {
                    tracing::debug!(%error, "a cancel could not be sent");
                    telemetry::cancel_lost();
                }
            }
        }
    }
}

/// What a caller is told whose request could not be written.
pub(super) fn not_sent(error: &TransportError) -> Status {
    match error.failure {
        Failure::TooLarge => Status::resource_exhausted(error.to_string()),
        Failure::Denied => Status::permission_denied(error.to_string()),
        _ => Status::unavailable(error.to_string()),
    }
}

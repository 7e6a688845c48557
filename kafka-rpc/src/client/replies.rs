use std::sync::Arc;

use super::streams::{Frames, Streams};
use super::waiting::{Ended, Outcome, WaitingCalls};
use crate::call::Status;
use crate::stream::End;
use crate::telemetry;
use crate::transport::{
    Deliveries, Delivery, Failure, Record, Records, TransportError, Undelivered,
};
use crate::wire::{Frame, HeaderLimits, ReplyFrame, decode_reply, decode_request};

/// Brings replies to the calls that wait for them.
pub(super) struct Replies {
    calls: Arc<WaitingCalls>,
    streams: Arc<Streams>,
    message_limit: usize,
    /// Those of the batch at hand.
    outcomes: Vec<(u128, Outcome)>,
    ended: Vec<Ended>,
}

impl Replies {
    pub(super) fn new(
        calls: Arc<WaitingCalls>,
        streams: Arc<Streams>,
        message_limit: usize,
    ) -> Self {
        Self {
            calls,
            streams,
            message_limit,
            outcomes: Vec::new(),
            ended: Vec::new(),
        }
    }

    /// Which of our calls a record is of, and what it says; `None` for what is none of our replies.
    fn read(&self, record: Record) -> Option<(u128, ReplyFrame, Outcome)> {
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
        Some((id, head.frame, outcome))
    }
}

impl Records for Replies {
    fn records(&mut self, batch: &mut Vec<Record>) {
        let mut orphans = 0;
        {
            let mut frames = Frames::new(&self.streams);
            for record in batch.drain(..) {
                match self.read(record) {
                    Some((id, frame, outcome)) if frames.turn_to(id) => frames.take(frame, outcome),
                    Some((id, ReplyFrame::Reply, outcome)) => self.outcomes.push((id, outcome)),
                    // A stream that is over, or the answer to a call that is none.
                    Some((id, _, _)) => self.outcomes.push((id, Err(unasked_stream()))),
                    None => orphans += 1,
                }
            }
        }
        orphans += self.calls.end_all(&mut self.outcomes, &mut self.ended);
        if orphans > 0 {
            // Late, repeated, or for another client that shares the partition.
            telemetry::orphaned_replies(orphans);
        }
    }
}

/// What a caller is told whose server answers with a stream.
fn unasked_stream() -> Status {
    Status::internal("the server answers with a stream where one message was to come")
}

/// Ends the calls whose requests could not be sent.
pub(super) struct Requests {
    calls: Arc<WaitingCalls>,
    streams: Arc<Streams>,
}

impl Requests {
    pub(super) fn new(calls: Arc<WaitingCalls>, streams: Arc<Streams>) -> Self {
        Self { calls, streams }
    }

    fn lost(&self, id: u128, error: &TransportError) {
        match self.streams.find(id) {
            Some(stream) => stream.end(End::Failed(not_sent(error))),
            None => {
                self.calls.end(id, Err(not_sent(error)));
            }
        }
    }
}

impl Deliveries for Requests {
    fn delivered(&self, batch: &mut Vec<Delivery>) {
        for Delivery { outcome, .. } in batch.drain(..) {
            let Err(undelivered) = outcome else { continue };
            let Undelivered { record, error } = *undelivered;
            let head = decode_request(&record.headers, &record.topic, &HeaderLimits::default());
            match head {
                Ok(head) if matches!(head.frame, Frame::Credit(_)) => {
                    tracing::debug!(%error, "credit could not be sent");
                }
                Ok(head) if head.frame != Frame::Cancel => {
                    if let Some(uuid) = head.correlation_id.and_then(|id| id.uuid()) {
                        self.lost(uuid, &error);
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

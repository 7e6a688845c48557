use std::sync::Arc;

use tokio::time::Instant;

use super::open_calls::OpenCalls;
use super::streams::Frames;
use super::waiting::{Ended, Fate, Outcome};
use crate::call::Status;
use crate::chunks::{Pieces, Taken};
use crate::stream::End;
use crate::telemetry;
use crate::transport::{
    Deliveries, Delivery, Failure, Record, Records, TransportError, Undelivered,
};
use crate::wire::{Frame, HeaderLimits, ReplyFrame, decode_reply, decode_request, sender_of};

/// Brings replies to the calls that wait for them.
pub(super) struct Replies {
    open: OpenCalls,
    message_limit: usize,
    /// Those of one instance keep apart from those of others.
    pieces: Pieces<u64>,
    /// Whether replies that nobody waits for are worth to be counted.
    counts_orphans: bool,
    /// Those of the batch at hand.
    outcomes: Vec<(u128, Outcome)>,
    ended: Vec<Ended>,
}

impl Replies {
    pub(super) fn new(open: OpenCalls, message_limit: usize, in_pieces: Option<usize>) -> Self {
        Self {
            open,
            message_limit,
            pieces: Pieces::new(in_pieces),
            counts_orphans: true,
            outcomes: Vec::new(),
            ended: Vec::new(),
        }
    }

    /// For a reader that looks for some of the replies among all others.
    pub(super) fn of_some(self) -> Self {
        Self {
            counts_orphans: false,
            ..self
        }
    }

    /// Which of our calls a record is of, and what it says; `None` for what is none of our replies.
    fn read(&mut self, record: &mut Record) -> Option<Said> {
        let mut refused = None;
        if self.pieces.are_taken() {
            let now = Instant::now();
            drop(self.pieces.expire(now));
            let sender = sender_of(&record.headers);
            match self.pieces.take(sender, std::mem::take(record), now) {
                Taken::Whole(whole, _) => *record = whole,
                Taken::Refused(last, status, _) => {
                    *record = last;
                    refused = Some(status);
                }
                // Those of a call that is over go in time.
                Taken::Piece => return None,
            }
        }
        let head = decode_reply(&record.headers, &HeaderLimits::default()).ok()?;
        let id = head.correlation_id.uuid()?;
        if let Some(status) = refused {
            return Some(Said::failed(id, status));
        }
        if head.whole.is_some() && !self.pieces.are_taken() {
            return Some(Said::failed(id, not_put_together()));
        }
        let outcome = head.outcome.and_then(|message| {
            if record.value.len() > self.message_limit {
                return Err(Status::resource_exhausted(format!(
                    "the reply has {} bytes; the channel takes at most {}",
                    record.value.len(),
                    self.message_limit
                )));
            }
            Ok((message, std::mem::take(&mut record.value)))
        });
        Some(Said {
            id,
            frame: head.frame,
            instance: head.instance,
            outcome,
        })
    }
}

/// What a record says to one of our calls.
struct Said {
    id: u128,
    frame: ReplyFrame,
    instance: Option<Arc<str>>,
    outcome: Outcome,
}

impl Said {
    fn failed(id: u128, status: Status) -> Self {
        Self {
            id,
            frame: ReplyFrame::Reply,
            instance: None,
            outcome: Err(status),
        }
    }
}

impl Records for Replies {
    fn records(&mut self, batch: &mut [Record]) {
        let mut orphans = 0;
        {
            let streams = Arc::clone(&self.open.streams);
            let mut frames = Frames::new(&streams);
            for record in batch {
                match self.read(record) {
                    Some(said) if frames.turn_to(said.id) => frames.take(said.frame, said.outcome),
                    Some(Said {
                        id,
                        frame: ReplyFrame::Reply,
                        instance,
                        outcome,
                    }) => match self.open.gathers.knows(id) {
                        true => self
                            .open
                            .gathers
                            .answer(id, instance.unwrap_or_default(), outcome),
                        false => self.outcomes.push((id, outcome)),
                    },
                    // A stream that is over, or the answer to a call that is none.
                    Some(Said { id, frame, .. }) => {
                        let status = match frame {
                            ReplyFrame::Chunk(_) => not_put_together(),
                            _ => unasked_stream(),
                        };
                        self.outcomes.push((id, Err(status)));
                    }
                    None => orphans += 1,
                }
            }
        }
        orphans += self
            .open
            .waiting
            .end_all(&mut self.outcomes, &mut self.ended);
        if orphans > 0 && self.counts_orphans {
            // Late, repeated, or for another client that shares the partition.
            telemetry::orphaned_replies(orphans);
        }
    }
}

/// What a caller is told whose reply comes in pieces, where the channel takes none.
pub(super) fn not_put_together() -> Status {
    Status::resource_exhausted(
        "the reply comes in pieces, which the channel does not put together: see \
         `ChannelBuilder::chunked_message_limit`",
    )
}

/// What a caller is told whose server answers with a stream.
pub(super) fn unasked_stream() -> Status {
    Status::internal("the server answers with a stream where one message was to come")
}

/// Ends the calls whose requests could not be sent.
pub(super) struct Requests {
    open: OpenCalls,
}

impl Requests {
    pub(super) fn new(open: OpenCalls) -> Self {
        Self { open }
    }

    fn lost(&self, id: u128, request: Lost) {
        let error = || not_sent(request.error());
        match self.open.streams.find(id) {
            Some(stream) => stream.end(End::Failed(error())),
            None if self.open.gathers.fail(id, error()) => {}
            None => {
                let fate = match request {
                    Lost::Whole(undelivered) => Fate::Undelivered(undelivered),
                    Lost::Part(error) => not_sent(&error).into(),
                };
                self.open.waiting.end(id, fate);
            }
        }
    }
}

/// A request that was not delivered.
enum Lost {
    /// All of it.
    Whole(Box<Undelivered>),
    /// A piece of it, or a message of its stream.
    Part(TransportError),
}

impl Lost {
    fn error(&self) -> &TransportError {
        match self {
            Self::Whole(undelivered) => &undelivered.error,
            Self::Part(error) => error,
        }
    }
}

impl Deliveries for Requests {
    fn delivered(&self, batch: &mut Vec<Delivery>) {
        for Delivery { outcome, .. } in batch.drain(..) {
            let Err(undelivered) = outcome else { continue };
            let Undelivered { record, error } = &*undelivered;
            let head = decode_request(&record.headers, &record.topic, &HeaderLimits::default());
            match head {
                Ok(head) if matches!(head.frame, Frame::Credit(_)) => {
                    tracing::debug!(%error, "credit could not be sent");
                }
                Ok(head) if head.frame != Frame::Cancel => {
                    let is_whole = head.frame == Frame::Request && head.whole.is_none();
                    if let Some(uuid) = head.correlation_id.and_then(|id| id.uuid()) {
                        let request = match is_whole {
                            true => Lost::Whole(undelivered),
                            false => Lost::Part(undelivered.error),
                        };
                        self.lost(uuid, request);
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

#[cfg(test)]
mod tests;

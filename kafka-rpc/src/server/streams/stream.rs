use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::Status;
use crate::call::Metadata;
use crate::server::dispatch::PartitionId;
use crate::server::reply;
use crate::server::router::{Call, ReplyTo};
use crate::server::writer::ReplyWriter;
use crate::stream::{End, Granted, Inbound, Liveness, Pulse, Receiving, Sending, Sent};
use crate::telemetry;
use crate::transport::{Failure, Outgoing};
use crate::wire::{Credit, INITIAL_CREDIT, ReplyFrame};

/// Why a stream ends before its handler does.
#[derive(Debug)]
pub(in crate::server) enum Ending {
    /// Its caller has no more use for it.
    Cancelled,
    /// Its caller has been silent for too long.
    Gone,
    /// Its partition is another server's now.
    Moved,
    /// Its caller broke the contract, or a frame could not be written: this is told.
    Broken(Status),
}

/// A stream that is open: what its caller's frames come to, and what is said to the caller.
pub(in crate::server) struct ServerStream {
    partition: PartitionId,
    /// Of its request.
    offset: i64,
    to: ReplyTo,
    /// Whether the caller sends messages.
    client_streaming: bool,
    resumable: bool,
    /// How many messages of the reply the caller has from a server before.
    resume_after: u64,
    /// Of the caller.
    inbound: Inbound,
    /// By the caller.
    granted: Granted,
    liveness: Mutex<Liveness>,
    ending: Mutex<Option<oneshot::Sender<Ending>>>,
    writer: Arc<ReplyWriter>,
}

impl ServerStream {
    pub(super) fn new(
        (partition, offset): (PartitionId, i64),
        call: &Call,
        to: ReplyTo,
        window: Credit,
        writer: Arc<ReplyWriter>,
    ) -> (Arc<Self>, oneshot::Receiver<Ending>) {
        let (sender, ending) = oneshot::channel();
        let method = call.method.descriptor();
        let stream = Self {
            partition,
            offset,
            to,
            client_streaming: method.client_streaming,
            resumable: method.resumable,
            resume_after: call
                .asked
                .as_ref()
                .and_then(|asked| asked.parts.resume_after)
                .unwrap_or_default(),
            inbound: Inbound::new(Receiving::new(window, INITIAL_CREDIT, 0)),
            granted: Granted::new(call.credit.unwrap_or(INITIAL_CREDIT)),
            liveness: Mutex::new(Liveness::new(call.arrived)),
            ending: Mutex::new(Some(sender)),
            writer,
        };
        (Arc::new(stream), ending)
    }

    pub(super) fn partition(&self) -> PartitionId {
        self.partition
    }

    pub(super) fn offset(&self) -> i64 {
        self.offset
    }

    pub(super) fn to(&self) -> &ReplyTo {
        &self.to
    }

    pub(super) fn is_resumable(&self) -> bool {
        self.resumable
    }

    pub(super) fn inbound(&self) -> &Inbound {
        &self.inbound
    }

    pub(super) fn granted(&self) -> &Granted {
        &self.granted
    }

    /// The account of the messages that the handler sends.
    pub(super) fn sending(&self) -> Sending {
        Sending::new(Credit::default(), self.resume_after)
    }

    /// Ends it, unless it is ending.
    pub(in crate::server) fn end(&self, ending: Ending) -> bool {
        let sender = self.ending.lock().take();
        sender.is_some_and(|sender| sender.send(ending).is_ok())
    }

    pub(super) fn heard(&self, now: Instant) {
        self.liveness.lock().heard(now);
    }

    pub(super) fn pulse(&self, now: Instant, limit: Duration) -> Pulse {
        self.liveness.lock().pulse(now, limit)
    }

    /// Messages of the caller.
    pub(super) fn messages(&self, messages: impl IntoIterator<Item = (u64, Bytes)>) {
        if !self.client_streaming {
            return self.broken(Status::invalid_argument(
                "the method takes one message, and this call sends a stream",
            ));
        }
        if let Err(status) = self.inbound.messages(messages) {
            self.broken(status);
        }
    }

    /// The caller has sent all of its messages.
    pub(super) fn half_close(&self, number: u64) {
        match self.inbound.check_end(number) {
            Ok(()) => self.inbound.end(End::Complete(Metadata::new())),
            Err(status) => self.broken(status),
        }
    }

    pub(super) fn credit(&self, credit: Credit) {
        self.granted.grant(credit);
    }

    fn broken(&self, status: Status) {
        tracing::debug!(%status, "a caller breaks the contract of streams");
        if self.end(Ending::Broken(status)) {
            telemetry::broken_stream();
        }
    }

    /// Tells the caller what it may send, and so that the server is there.
    pub(super) fn say_credit(&self) {
        let credit = self.inbound.granted();
        self.say(ReplyFrame::Credit(credit));
    }

    /// Says something without a message. Whatever is lost of it is repeated, or missed by nobody.
    pub(super) fn say(&self, frame: ReplyFrame) {
        let record = reply::frame(&self.to, frame);
        if let Err(undelivered) = self.writer.write(record, None) {
            tracing::debug!(error = %undelivered.error, "a frame is not sent");
        }
    }

    /// Sends a record of the stream.
    pub(super) fn send(&self, record: Outgoing) -> Sent {
        match self.writer.write(record, None) {
            Ok(()) => Sent::Queued,
            Err(undelivered) if undelivered.error.failure == Failure::QueueFull => {
                Sent::Full(undelivered.record.value)
            }
            Err(undelivered) => Sent::Failed(reply::not_written(&undelivered.error)),
        }
    }
}

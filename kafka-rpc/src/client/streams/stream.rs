use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::Streams;
use crate::Status;
use crate::call::{Deadline, Messages, Metadata};
use crate::client::replies::{not_put_together, not_sent};
use crate::client::route::Route;
use crate::outside;
use crate::stream::{
    End, Granted, Inbound, Liveness, Pulse, Receiving, Sending, Sent, queue, send_all,
};
use crate::telemetry;
use crate::transport::{Failure, Outgoing, Producer};
use crate::wire::{
    CorrelationId, Credit, Frame, HeaderLimits, INITIAL_CREDIT, MessageHead, ReplyFrame,
    RequestHead, encode_request,
};

/// How a server begins to answer.
#[derive(Debug)]
pub(in crate::client) enum Opened {
    /// With a stream.
    Stream(Metadata),
    /// With the one message of the reply.
    Message(MessageHead, Bytes),
    /// Not at all.
    Ended(End),
}

/// One attempt at a stream: what its server's records come to, and what is said to the server.
pub(in crate::client) struct ClientStream {
    id: u128,
    route: Arc<Route>,
    partition: Option<i32>,
    key: Option<Bytes>,
    deadline: Deadline,
    producer: Arc<dyn Producer>,
    streams: Arc<Streams>,
    /// Of the server.
    inbound: Inbound,
    /// By the server.
    granted: Granted,
    state: Mutex<State>,
}

struct State {
    liveness: Liveness,
    /// Whether anything of the server was heard. Until then the call waits for one to take it.
    heard: bool,
    /// Where the beginning of the answer is waited for, until it is there.
    opening: Option<oneshot::Sender<Opened>>,
    sender: Option<AbortHandle>,
}

/// Where a stream goes, and until when.
pub(super) struct Target {
    pub(super) route: Arc<Route>,
    pub(super) partition: Option<i32>,
    pub(super) key: Option<Bytes>,
    pub(super) deadline: Deadline,
}

impl ClientStream {
    /// The caller has seen messages up to number `last`, from a server before.
    pub(super) fn new(
        id: u128,
        target: Target,
        producer: Arc<dyn Producer>,
        streams: Arc<Streams>,
        last: u64,
        now: Instant,
    ) -> (Arc<Self>, oneshot::Receiver<Opened>) {
        let (opening, opened) = oneshot::channel();
        let window = streams.settings().window;
        let stream = Self {
            id,
            route: target.route,
            partition: target.partition,
            key: target.key,
            deadline: target.deadline,
            producer,
            streams,
            inbound: Inbound::new(Receiving::new(window, window, last)),
            granted: Granted::new(INITIAL_CREDIT),
            state: Mutex::new(State {
                liveness: Liveness::new(now),
                heard: false,
                opening: Some(opening),
                sender: None,
            }),
        };
        (Arc::new(stream), opened)
    }

    pub(super) fn id(&self) -> u128 {
        self.id
    }

    pub(super) fn deadline(&self) -> Deadline {
        self.deadline
    }

    pub(super) fn inbound(&self) -> &Inbound {
        &self.inbound
    }

    pub(super) fn heard(&self, now: Instant) {
        let mut state = self.state.lock();
        state.heard = true;
        state.liveness.heard(now);
    }

    pub(super) fn pulse(&self, now: Instant, limit: Duration) -> Pulse {
        let mut state = self.state.lock();
        if !state.heard {
            state.liveness.heard(now);
        }
        state.liveness.pulse(now, limit)
    }

    /// Messages of the server.
    pub(super) fn messages(&self, messages: impl IntoIterator<Item = (u64, Bytes)>) {
        if let Err(status) = self.inbound.messages(messages) {
            self.broken(status);
        }
    }

    /// Anything else that the server says.
    pub(super) fn take(&self, frame: ReplyFrame, outcome: Result<(MessageHead, Bytes), Status>) {
        match (frame, outcome) {
            (ReplyFrame::Credit(credit), _) => self.granted.grant(credit),
            (ReplyFrame::Response, Ok((head, _))) => self.opened(head.metadata),
            (ReplyFrame::Status(number), outcome) => {
                let end = match outcome {
                    Ok((head, _)) => End::Complete(head.metadata),
                    Err(status) => End::Failed(status),
                };
                match self.inbound.check_end(number) {
                    Ok(()) => self.end(end),
                    Err(status) => self.broken(status),
                }
            }
            (ReplyFrame::Moved, _) => self.end(End::Lost(Status::unavailable(
                "the server of the stream is gone: its partition has moved to another one",
            ))),
            (ReplyFrame::Reply, Ok((head, message))) => self.replied(head, message),
            (ReplyFrame::Reply, Err(status)) => self.end(End::Failed(status)),
            // The server goes on with what can't be used here.
            (_, Err(status)) => self.broken(status),
            // Those that were read come with the others of their batch.
            (ReplyFrame::Message(_), Ok(_)) => {}
            (ReplyFrame::Chunk(_), Ok(_)) => self.broken(not_put_together()),
        }
    }

    fn replied(&self, head: MessageHead, message: Bytes) {
        let opening = self.state.lock().opening.take();
        match opening {
            Some(opening) => {
                let _unwanted = opening.send(Opened::Message(head, message));
            }
            None => self.broken(Status::internal(
                "a reply of one message came within a stream",
            )),
        }
    }

    fn opened(&self, metadata: Metadata) {
        let opening = self.state.lock().opening.take();
        match opening {
            Some(opening) => {
                let _unwanted = opening.send(Opened::Stream(metadata));
            }
            // Two servers can't go on with one stream: both are told to stop.
            None => {
                self.say_cancel();
                self.end(End::Lost(Status::unavailable(
                    "the stream was begun again by another server",
                )));
            }
        }
    }

    /// Ends it here, with what its reader is to be told behind the messages that have come.
    pub(in crate::client) fn end(&self, end: End) {
        if matches!(end, End::Lost(_)) {
            telemetry::stream_lost();
        }
        let opening = self.state.lock().opening.take();
        match opening {
            Some(opening) => {
                let _unwanted = opening.send(Opened::Ended(end));
            }
            None => self.inbound.end(end),
        }
        self.close();
    }

    /// The server broke the contract: it is told to stop.
    fn broken(&self, status: Status) {
        tracing::debug!(%status, "a server breaks the contract of streams");
        self.say_cancel();
        self.end(End::Failed(status));
    }

    /// Nothing that comes for it is of any use now, nor what it would send. False when that was so
    /// before.
    pub(super) fn close(&self) -> bool {
        if let Some(sender) = self.state.lock().sender.take() {
            sender.abort();
        }
        self.streams.remove(self.id)
    }

    /// Sends the caller's messages, in a task of their own.
    pub(super) fn send_messages(
        self: &Arc<Self>,
        messages: Pin<Box<dyn Messages>>,
        message_limit: usize,
    ) {
        let stream = Arc::clone(self);
        let task = outside::spawn(async move {
            let send = |number, message: Bytes| {
                if message.len() > message_limit {
                    return Sent::Failed(Status::resource_exhausted(format!(
                        "message {number} of the stream has {} bytes; the channel sends at most \
                         {message_limit}",
                        message.len()
                    )));
                }
                stream.send(Frame::Message(number), message)
            };
            let sending = Sending::new(INITIAL_CREDIT, 0);
            let finish = send_all(messages, &stream.granted, sending, send).await;
            let failed = match finish.outcome {
                Ok(_) => {
                    let half_close = Frame::HalfClose(finish.number);
                    queue(Bytes::new(), |value| stream.send(half_close, value)).await
                }
                Err(status) => Err(status),
            };
            if let Err(status) = failed {
                stream.say_cancel();
                stream.end(End::Failed(status));
            }
        });
        self.state.lock().sender = Some(task.abort_handle());
    }

    fn send(&self, frame: Frame, value: Bytes) -> Sent {
        match self.write(frame, value) {
            Ok(()) => Sent::Queued,
            Err((status, None)) => Sent::Failed(status),
            Err((_, Some(value))) => Sent::Full(value),
        }
    }

    /// Tells the server what it may send, and so that its caller is there.
    pub(super) fn say_credit(&self) {
        self.say(Frame::Credit(self.inbound.granted()));
    }

    pub(super) fn grant(&self, credit: Credit) {
        self.say(Frame::Credit(credit));
    }

    /// Tells the server that nobody waits any more.
    pub(super) fn say_cancel(&self) {
        if !self.say(Frame::Cancel) {
            telemetry::cancel_lost();
        }
    }

    fn say(&self, frame: Frame) -> bool {
        match self.write(frame, Bytes::new()) {
            Ok(()) => true,
            Err((error, _)) => {
                tracing::debug!(%error, ?frame, "a frame is not sent");
                false
            }
        }
    }

    /// Gives the value back where there is no room for it at present.
    fn write(&self, frame: Frame, value: Bytes) -> Result<(), (Status, Option<Bytes>)> {
        let reply = match frame {
            // A server that does not know the stream says so.
            Frame::Credit(_) => Some(self.route.reply.clone()),
            _ => None,
        };
        let head = RequestHead {
            correlation_id: Some(CorrelationId::from_uuid(self.id)),
            reply,
            frame,
            ..RequestHead::default()
        };
        let headers =
            encode_request(&head, &HeaderLimits::default()).map_err(|status| (status, None))?;
        let record = Outgoing {
            topic: Arc::clone(&self.route.request),
            partition: self.partition,
            patient: false,
            key: self.key.clone(),
            value,
            headers,
        };
        self.producer.send(record, None).map_err(|undelivered| {
            let full = undelivered.error.failure == Failure::QueueFull;
            let value = full.then_some(undelivered.record.value);
            (not_sent(&undelivered.error), value)
        })
    }
}

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::stream::{ClientStream, Opened, Target};
use crate::call::{Body, Deadline, Messages, Metadata, RequestParts, Status};
use crate::client::call::Shown;
use crate::client::caller::Caller;
use crate::client::records::{self, Envelope, StreamHead};
use crate::client::replies::not_sent;
use crate::client::route::{Destination, Route};
use crate::client::waiting::deadline_exceeded;
use crate::descriptor::Method;
use crate::outside;
use crate::stream::{End, Taken};
use crate::telemetry;
use crate::wire::CorrelationId;

/// How long the first new attempt at a stream waits; each further one twice as long, up to …
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// … this.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A stream that is to begin.
pub(in crate::client) struct Begin {
    pub(in crate::client) method: Method,
    pub(in crate::client) route: Arc<Route>,
    pub(in crate::client) deadline: Deadline,
    pub(in crate::client) parts: Box<RequestParts>,
    pub(in crate::client) body: Body,
    pub(in crate::client) shown: Shown,
}

/// The caller's end of a stream: the beginning of its answer, and its messages. Where the method
/// allows it, a stream that loses its server goes on at another one. To drop it before its end
/// cancels the call.
pub(in crate::client) struct Reader {
    caller: Arc<Caller>,
    request: Request,
    stream: Arc<ClientStream>,
    opening: Option<oneshot::Receiver<Opened>>,
    taken: Taken,
    trailers: Metadata,
    deadline: Pin<Box<Sleep>>,
    /// Before the next attempt.
    pause: Option<Pin<Box<Sleep>>>,
    next_pause: Duration,
    shown: Option<Shown>,
}

/// What an attempt is made of.
struct Request {
    method: Method,
    route: Arc<Route>,
    to: Destination,
    deadline: Deadline,
    parts: Box<RequestParts>,
    /// The one message, of methods that take one.
    message: Bytes,
}

impl Reader {
    /// Sends the request.
    pub(in crate::client) fn begin(
        caller: &Arc<Caller>,
        begin: Begin,
        now: Instant,
    ) -> Result<Self, (Status, Shown)> {
        let Begin {
            method,
            route,
            deadline,
            parts,
            body,
            shown,
        } = begin;
        let (message, messages) = match body.is_stream() || method.descriptor().client_streaming {
            true => (Bytes::new(), Some(body.into_messages())),
            false => (body.into_bytes(), None),
        };
        let request = Request {
            to: route.destination_of_its_own(parts.key.as_deref()),
            method,
            route,
            deadline,
            parts,
            message,
        };
        let (stream, opening) = match request.attempt(caller, None, now) {
            Ok(attempt) => attempt,
            Err(status) => return Err((status, shown)),
        };
        if let Some(messages) = messages {
            stream.send_messages(messages, caller.message_limit());
        }
        Ok(Self {
            caller: Arc::clone(caller),
            stream,
            opening: Some(opening),
            taken: Taken::default(),
            trailers: Metadata::new(),
            deadline: Box::pin(sleep_until(request.deadline.instant())),
            request,
            pause: None,
            next_pause: FIRST_PAUSE,
            shown: Some(shown),
        })
    }

    /// The beginning of the answer. After an error the stream is over.
    pub(in crate::client) fn poll_opened(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Opened, Status>> {
        loop {
            ready!(self.poll_pause(cx))?;
            let Some(opening) = &mut self.opening else {
                return Poll::Ready(Err(Status::polled_again()));
            };
            let opened = match Pin::new(opening).poll(cx) {
                Poll::Ready(opened) => opened,
                Poll::Pending => {
                    ready!(self.deadline.as_mut().poll(cx));
                    return Poll::Ready(Err(self.interrupt(deadline_exceeded())));
                }
            };
            self.opening = None;
            match opened {
                Ok(Opened::Ended(end)) => match self.lost_or_over(end) {
                    Some(Err(status)) => return Poll::Ready(Err(status)),
                    Some(Ok(_)) => {
                        let status = Status::internal("the stream ended before it began");
                        return Poll::Ready(Err(self.over(status)));
                    }
                    None => {}
                },
                Ok(opened @ Opened::Message(..)) => {
                    self.close();
                    return Poll::Ready(Ok(opened));
                }
                Ok(opened @ Opened::Stream(_)) => return Poll::Ready(Ok(opened)),
                Err(_) => {
                    let status = Status::internal("a pending stream was lost");
                    return Poll::Ready(Err(self.over(status)));
                }
            }
        }
    }

    /// Whether messages of the server are expected.
    pub(in crate::client) fn is_read(&self) -> bool {
        self.request.method.descriptor().server_streaming
    }

    /// Ends what the server goes on with.
    pub(in crate::client) fn refuse(&mut self, status: Status) -> Status {
        self.interrupt(status)
    }

    /// How the call is shown, once it is to be shown as over.
    pub(in crate::client) fn take_shown(&mut self) -> Option<Shown> {
        self.shown.take()
    }

    /// Waits where another attempt is due, and makes it.
    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        let Some(pause) = &mut self.pause else {
            return Poll::Ready(Ok(()));
        };
        if self.deadline.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(self.over(deadline_exceeded())));
        }
        ready!(pause.as_mut().poll(cx));
        self.pause = None;
        let last = self.stream.inbound().last();
        match self
            .request
            .attempt(&self.caller, Some(last), Instant::now())
        {
            Ok((stream, opening)) => {
                telemetry::stream_resumed();
                self.stream = stream;
                self.opening = Some(opening);
                Poll::Ready(Ok(()))
            }
            Err(status) => Poll::Ready(Err(self.over(status))),
        }
    }

    /// What an end means: nothing yet where the stream goes on elsewhere.
    fn lost_or_over(&mut self, end: End) -> Option<Result<Metadata, Status>> {
        match end {
            End::Complete(trailers) => {
                self.close();
                self.show(Ok(()));
                Some(Ok(trailers))
            }
            End::Failed(status) => Some(Err(self.over(status))),
            End::Lost(_) if self.request.method.descriptor().resumable => {
                self.pause = Some(Box::pin(sleep(self.next_pause)));
                self.next_pause = (2 * self.next_pause).min(LONGEST_PAUSE);
                None
            }
            End::Lost(status) => Some(Err(self.over(status))),
        }
    }

    /// Ends what the server may still be at.
    fn interrupt(&mut self, status: Status) -> Status {
        if self.close() {
            self.stream.say_cancel();
        }
        self.over(status)
    }

    fn over(&mut self, status: Status) -> Status {
        self.close();
        self.show(Err(&status));
        status
    }

    fn close(&self) -> bool {
        self.stream.close()
    }

    fn show(&mut self, outcome: Result<(), &Status>) {
        if let Some(shown) = self.shown.take() {
            shown.show(outcome);
        }
    }
}

impl Request {
    fn attempt(
        &self,
        caller: &Arc<Caller>,
        resume: Option<u64>,
        now: Instant,
    ) -> Result<(Arc<ClientStream>, oneshot::Receiver<Opened>), Status> {
        let id = outside::random_id().as_u128();
        let target = Target {
            route: Arc::clone(&self.route),
            partition: Some(self.to.partition),
            key: self.parts.key.clone(),
            deadline: self.deadline,
        };
        let envelope = Envelope {
            method: self.method,
            route: &self.route,
            to: self.to,
            id: CorrelationId::from_uuid(id),
            timeout: self.deadline.instant().saturating_duration_since(now),
            stream: Some(StreamHead {
                credit: caller.streams().settings().window,
                resume,
            }),
        };
        let body = Body::new(self.message.clone());
        let record = records::request(&envelope, self.parts.clone(), body)?;
        let (stream, opening) = ClientStream::new(
            id,
            target,
            Arc::clone(caller.producer()),
            Arc::clone(caller.streams()),
            resume.unwrap_or_default(),
            now,
        );
        caller.streams().add(&stream)?;
        if let Err(refused) = caller.producer().send(record, None) {
            stream.close();
            return Err(not_sent(&refused.error));
        }
        Ok((stream, opening))
    }
}

impl Messages for Reader {
    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Status>>> {
        let reader = &mut *self;
        loop {
            if let Some(message) = reader.taken.messages.pop_front() {
                reader.next_pause = FIRST_PAUSE;
                return Poll::Ready(Some(Ok(message)));
            }
            if let Some(end) = reader.taken.end.take() {
                match reader.lost_or_over(end) {
                    Some(Ok(trailers)) => {
                        reader.trailers = trailers;
                        return Poll::Ready(None);
                    }
                    Some(Err(status)) => return Poll::Ready(Some(Err(status))),
                    None => {}
                }
            }
            if let Err(status) = ready!(reader.poll_pause(cx)) {
                return Poll::Ready(Some(Err(status)));
            }
            if reader.opening.is_some() {
                // Another attempt has to begin before its messages come.
                match ready!(reader.poll_opened(cx)) {
                    Ok(Opened::Stream(_)) => {}
                    Ok(_) => {
                        let status = Status::internal("a stream was resumed with one message");
                        return Poll::Ready(Some(Err(reader.over(status))));
                    }
                    Err(status) => return Poll::Ready(Some(Err(status))),
                }
            }
            match reader.stream.inbound().poll_take(cx, &mut reader.taken) {
                Poll::Ready(()) => {
                    if let Some(credit) = reader.taken.credit.take() {
                        reader.stream.grant(credit);
                    }
                }
                Poll::Pending => {
                    ready!(reader.deadline.as_mut().poll(cx));
                    let status = reader.interrupt(deadline_exceeded());
                    return Poll::Ready(Some(Err(status)));
                }
            }
        }
    }

    fn trailers(mut self: Pin<&mut Self>) -> Metadata {
        std::mem::take(&mut self.trailers)
    }
}

impl Drop for Reader {
    /// Nobody waits any more.
    fn drop(&mut self) {
        if self.close() {
            self.stream.say_cancel();
        }
    }
}

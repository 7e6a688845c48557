//! The life of a stream from the start of its handler to its end.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use super::Opened;
use super::stream::{Ending, ServerStream};
use crate::call::{Body, Code, Metadata, Response, Status, Trailers};
use crate::outside;
use crate::server::calls::{Answer, Calls, Guard, GuardedMessages};
use crate::server::dispatch::Ticket;
use crate::server::handler::Handler;
use crate::server::reply;
use crate::server::router::Call;
use crate::stream::{Finish, Sent, queue, send_all};
use crate::telemetry::{self, Side};
use crate::transport::Outgoing;
use crate::wire::{ContentType, MessageHead, ReplyFrame, ReplyHead};

impl<S: Handler> Calls<S> {
    /// Runs a stream in a task of its own.
    pub(in crate::server) fn run_stream(
        self: &Arc<Self>,
        ticket: Ticket,
        call: Box<Call>,
        opened: Opened,
        now: Instant,
    ) {
        let task = Task {
            calls: Arc::clone(self),
            ticket,
            stream: opened.stream,
            content_type: call.content_type,
        };
        outside::spawn_on(self.runtime(), task.run(call, opened.ending, now));
    }
}

struct Task<S: Handler> {
    calls: Arc<Calls<S>>,
    ticket: Ticket,
    stream: Arc<ServerStream>,
    content_type: ContentType,
}

/// How a stream's task ends.
enum Outcome {
    /// The handler, or its stream, came to an end: this is the last record.
    Ended(Code, String, Outgoing),
    Interrupted(Ending),
    Expired,
}

impl<S: Handler> Task<S> {
    async fn run(self, mut call: Box<Call>, mut ending: oneshot::Receiver<Ending>, now: Instant) {
        let running = call.metrics.start(now.into_std(), now - call.arrived);
        let deadline = call.deadline.instant();
        let outcome = {
            let mut work = Box::pin(self.work(&mut call));
            tokio::select! {
                biased;
                ended = &mut ending => match ended {
                    Ok(ending) => Outcome::Interrupted(ending),
                    // The server is gone.
                    Err(_) => Outcome::Interrupted(Ending::Moved),
                },
                outcome = &mut work => outcome,
                () = sleep_until(deadline) => Outcome::Expired,
            }
        };
        running.end(Instant::now().into_std());
        self.end(&call, outcome);
    }

    async fn work(&self, call: &mut Call) -> Outcome {
        let request = call.request();
        let trace = telemetry::incoming(request.metadata(), &call.span);
        let guard = Guard {
            method: call.method,
            span: &call.span,
            deadline: call.deadline,
            trace: trace.as_ref(),
        };
        let answered = if self.content_type == ContentType::Protobuf {
            let mut handler = Box::pin(Answer::to(self.calls.service(), request));
            std::future::poll_fn(|cx| guard.step(|| handler.as_mut().poll(cx)))
                .await
                .and_then(|outcome| outcome)
        } else {
            Err(Status::unimplemented(
                "streams are application/protobuf only",
            ))
        };
        match answered {
            Ok(response) if response.get_ref().is_stream() => self.stream(response, guard).await,
            mut answered => {
                let metadata = match &mut answered {
                    Ok(response) => response.metadata_mut(),
                    Err(status) => status.metadata_mut(),
                };
                telemetry::reply(metadata, guard.trace);
                let (code, message) = shown(answered.as_ref().map(drop));
                let limit = self.calls.message_limit();
                let record = reply::record(self.stream.to(), self.content_type, answered, limit);
                Outcome::Ended(code, message, record)
            }
        }
    }

    /// Sends the handler's stream.
    async fn stream(&self, response: Response<Body>, guard: Guard<'_>) -> Outcome {
        let (mut metadata, body, mut extensions) = response.into_parts();
        telemetry::reply(&mut metadata, guard.trace);
        let begin = self.head(ReplyFrame::Response, Ok(metadata));
        let begun = queue(Bytes::new(), |value| {
            self.stream
                .send(reply::numbered(self.stream.to(), &begin, value))
        });
        if let Err(status) = begun.await {
            return self.status(0, Err(status));
        }
        let messages = Box::pin(GuardedMessages::new(guard, body.into_messages()));
        let limit = self.calls.message_limit();
        let stream = &*self.stream;
        let send = |number, message: Bytes| {
            if message.len() > limit {
                return Sent::Failed(Status::resource_exhausted(format!(
                    "message {number} of the stream has {} bytes; the server sends at most {limit}",
                    message.len()
                )));
            }
            stream.send(reply::message(stream.to(), number, message))
        };
        let Finish { number, outcome } =
            send_all(messages, stream.granted(), stream.sending(), send).await;
        let trailers = extensions.remove::<Trailers>();
        let outcome = outcome.map(|own| trailers.map_or(own, |trailers| trailers.take()));
        self.status(number, outcome)
    }

    fn head(&self, frame: ReplyFrame, outcome: Result<Metadata, Status>) -> ReplyHead {
        let head = |metadata| MessageHead {
            metadata,
            ..MessageHead::default()
        };
        ReplyHead {
            correlation_id: self.stream.to().id,
            frame,
            instance: None,
            whole: None,
            outcome: outcome.map(head),
        }
    }

    fn status(&self, number: u64, outcome: Result<Metadata, Status>) -> Outcome {
        let (code, message) = shown(outcome.as_ref().map(drop));
        let head = self.head(ReplyFrame::Status(number), outcome);
        let record = reply::numbered(self.stream.to(), &head, Bytes::new());
        Outcome::Ended(code, message, record)
    }

    fn end(&self, call: &Call, outcome: Outcome) {
        let (code, message, record) = match outcome {
            Outcome::Ended(code, message, record) => (code, message, Some(record)),
            Outcome::Interrupted(Ending::Cancelled) => {
                call.metrics.cancelled();
                (Code::Cancelled, "cancelled".to_owned(), None)
            }
            Outcome::Interrupted(Ending::Gone) => (
                Code::Cancelled,
                "the caller has been silent for too long".to_owned(),
                None,
            ),
            Outcome::Interrupted(Ending::Moved) => {
                let record = reply::frame(self.stream.to(), ReplyFrame::Moved);
                let message = "the partition of the call has moved to another server";
                (Code::Unavailable, message.to_owned(), Some(record))
            }
            Outcome::Interrupted(Ending::Broken(status)) => (
                status.code(),
                status.message().to_owned(),
                Some(reply::failure(self.stream.to(), &status)),
            ),
            Outcome::Expired => (
                Code::DeadlineExceeded,
                "the deadline passed while the handler ran".to_owned(),
                None,
            ),
        };
        telemetry::record_outcome(&call.span, Side::Server, code, &message);
        call.metrics.end(code, call.arrived.elapsed());
        // The stream is open until then: else a caller who says something just now would be told that it
        // has moved, before it hears of the end.
        if let Some(record) = record {
            self.calls.end_stream(self.ticket, record);
        }
        self.calls.streams().close(&self.stream);
    }
}

impl<S: Handler> Drop for Task<S> {
    /// Also where the runtime ended, and the task with it.
    fn drop(&mut self) {
        self.calls.streams().close(&self.stream);
    }
}

fn shown(outcome: Result<(), &Status>) -> (Code, String) {
    match outcome {
        Ok(()) => (Code::Ok, String::new()),
        Err(status) => (status.code(), status.message().to_owned()),
    }
}

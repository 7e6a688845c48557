//! Running a handler.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

use super::answer::Answer;
use super::{Calls, Guard, Transacted};
use crate::call::{Body, Code, Outbox, OutboxRecord, Response, Status};
use crate::server::dead_letters::{Letter, Next};
use crate::server::handler::Handler;
use crate::server::reply;
use crate::server::router::Call;
use crate::telemetry::{self, RunningHandler, Side, TraceContext};
use crate::transport::Outgoing;

pub(in crate::server) type Outcome = Result<Response<Body>, Status>;

pin_project_lite::pin_project! {
    /// Runs the handler of a call until it answers, panics or its deadline passes, and shows it.
    pub(super) struct Handle<S: Handler> {
        calls: Arc<Calls<S>>,
        // `None` once it waits to be handled again.
        call: Option<Box<Call>>,
        // A handler whose outcome is recorded may go on behind the deadline.
        until: Instant,
        trace: Option<TraceContext>,
        outbox: Option<Outbox>,
        // `None` once it has ended.
        running: Option<RunningHandler>,
        #[pin]
        answer: Answer<S>,
        // Made when the handler is not ready at once: most are.
        deadline: Option<Pin<Box<Sleep>>>,
    }
}

/// What is to be done when a handler has ended.
pub(super) enum Ended {
    /// The reply is to be sent.
    Reply(Outgoing),
    /// What the handler has put into its outbox is to be written, with the reply if there is one.
    Written(Box<(Vec<OutboxRecord>, Option<Outgoing>)>),
    /// Nobody waits for a reply.
    Silently,
    /// The call is to be handled again, at this time.
    Again(Box<Call>, Instant),
    /// It is a dead letter, and there may be a reply, too.
    Dead(Box<(Letter, Option<Outgoing>)>),
}

/// Begins a call. Nothing of the handler runs before this is polled.
pub(super) fn handle<S: Handler>(
    calls: Arc<Calls<S>>,
    mut call: Box<Call>,
    now: Instant,
) -> Handle<S> {
    let mut request = call.request();
    let mut waiting_since = call.arrived;
    if let Some(kept) = &mut call.kept {
        waiting_since = kept.due().unwrap_or(waiting_since);
        kept.begin(&mut request);
    }
    let outbox = match &calls.transacted {
        Some(_) => Transacted::outbox(call.method),
        None => None,
    };
    if let Some(outbox) = &outbox {
        request.extensions_mut().insert(outbox.clone());
    }
    let running = call.metrics.start(now.into_std(), now - waiting_since);
    let trace = telemetry::incoming(request.metadata(), &call.span);
    let mut until = call.deadline.instant();
    if call.once.is_some() {
        until += calls.once.overtime;
        let recorder = request
            .origin()
            .and_then(|origin| calls.recorder(&call, origin));
        request.parts_mut().recorder = recorder;
    }
    let answer = match calls.codec.request(call.content_type, request) {
        Ok(request) => Answer::to(calls.service.clone(), request),
        Err(status) => Answer::refusal(status),
    };
    Handle {
        calls,
        call: Some(call),
        until,
        trace,
        outbox,
        running: Some(running),
        answer,
        deadline: None,
    }
}

impl<S: Handler> Future for Handle<S> {
    type Output = Ended;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended> {
        let mut this = self.project();
        let (Some(call), true) = (this.call.as_ref(), this.running.is_some()) else {
            return Poll::Ready(Ended::Silently);
        };
        let guard = Guard {
            method: call.method,
            span: &call.span,
            deadline: call.deadline,
            trace: this.trace.as_ref(),
        };
        // A handler that panicked is not polled again.
        let outcome = match guard.step(|| this.answer.as_mut().poll(cx)) {
            Poll::Ready(outcome) => Some(outcome.and_then(|outcome| outcome)),
            Poll::Pending => {
                let until = *this.until;
                let deadline = this
                    .deadline
                    .get_or_insert_with(|| Box::pin(sleep_until(until)));
                match deadline.as_mut().poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    // The caller gives up at the same moment: it is not told.
                    Poll::Ready(()) => None,
                }
            }
        };
        let now = Instant::now();
        if let Some(running) = this.running.take() {
            running.end(now.into_std());
        }
        let outbox = this.outbox.take().map(|outbox| outbox.close());
        let trace = this.trace.as_ref();
        Poll::Ready(finish(this.calls, this.call, trace, outcome, outbox, now))
    }
}

impl<S: Handler> Handle<S> {
    /// Takes the call out.
    pub(super) fn call(self: Pin<&mut Self>) -> Option<Box<Call>> {
        self.project().call.take()
    }
}

fn finish<S>(
    calls: &Calls<S>,
    place: &mut Option<Box<Call>>,
    trace: Option<&TraceContext>,
    outcome: Option<Outcome>,
    outbox: Option<Vec<OutboxRecord>>,
    now: Instant,
) -> Ended {
    let Some(call) = place else {
        return Ended::Silently;
    };
    let content_type = call.content_type;
    let outcome = outcome.map(|outcome| {
        outcome.and_then(|response| {
            calls
                .codec
                .response(content_type, Some(call.method), response)
        })
    });
    let (code, message) = match &outcome {
        Some(Ok(_)) => (Code::Ok, ""),
        Some(Err(status)) => (status.code(), status.message()),
        None => (
            Code::DeadlineExceeded,
            "the deadline passed while the handler ran",
        ),
    };
    let next = match &call.kept {
        Some(kept) if code != Code::Ok => kept.next(code, call.deadline, now),
        _ => Next::Over { letter: false },
    };
    let letter = match next {
        Next::Over { letter: false } => None,
        Next::Over { letter: true } => {
            let kept = call.kept.take();
            kept.and_then(|kept| kept.failed(Status::new(code, message)))
        }
        Next::Again(due) => {
            let last = Status::new(code, message);
            tracing::debug!(parent: &call.span, %last, "the call is handled again");
            if let Some(kept) = &mut call.kept {
                call.asked = Some(kept.again(due, last));
            }
            return match place.take() {
                Some(call) => Ended::Again(call, due),
                None => Ended::Silently,
            };
        }
    };
    telemetry::record_outcome(&call.span, Side::Server, code, message);
    call.metrics.end(code, now - call.arrived);
    let written = outbox.filter(|outbox| code == Code::Ok && !outbox.is_empty());
    // Beyond its deadline only where its outcome was to be recorded: nobody waits any more.
    let outcome = outcome.filter(|_| call.once.is_none() || now < call.deadline.instant());
    let reply = reply_to(calls, call, trace, outcome);
    if let Some(outbox) = written {
        return Ended::Written(Box::new((outbox, reply)));
    }
    match (letter, reply) {
        (Some(letter), reply) => Ended::Dead(Box::new((letter, reply))),
        (None, Some(reply)) => Ended::Reply(reply),
        (None, None) => Ended::Silently,
    }
}

fn reply_to<S>(
    calls: &Calls<S>,
    call: &Call,
    trace: Option<&TraceContext>,
    outcome: Option<Outcome>,
) -> Option<Outgoing> {
    let (to, mut outcome) = call.reply.as_ref().zip(outcome)?;
    let metadata = match &mut outcome {
        Ok(response) => response.metadata_mut(),
        Err(status) => status.metadata_mut(),
    };
    telemetry::reply(metadata, trace);
    Some(reply::record(
        to,
        call.content_type,
        outcome,
        calls.message_limit,
    ))
}

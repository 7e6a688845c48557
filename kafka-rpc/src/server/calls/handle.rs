//! Running a handler.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::{Either, ready};
use tokio::time::{Instant, Sleep, sleep_until};

use super::{Calls, Guard};
use crate::call::{Body, Code, Request, Response, Status};
use crate::server::handler::Handler;
use crate::server::reply;
use crate::server::router::Call;
use crate::telemetry::{self, RunningHandler, Side, TraceContext};
use crate::transport::Outgoing;

type Outcome = Result<Response<Body>, Status>;

pin_project_lite::pin_project! {
    /// Runs the handler of a call until it answers, panics or its deadline passes, and shows it.
    /// The record to be sent; `None` where nobody waits for one.
    pub(super) struct Handle<S, F> {
        calls: Arc<Calls<S>>,
        call: Box<Call>,
        trace: Option<TraceContext>,
        running: Option<RunningHandler>,
        #[pin]
        answer: F,
        // Made when the handler is not ready at once: most are.
        deadline: Option<Pin<Box<Sleep>>>,
    }
}

/// Begins a call. Nothing of the handler runs before this is polled.
pub(super) fn handle<S: Handler>(
    calls: Arc<Calls<S>>,
    mut call: Box<Call>,
    now: Instant,
) -> Handle<S, impl Future<Output = Outcome> + Send + 'static> {
    let request = std::mem::take(&mut call.request);
    let running = call.metrics.start(now.into_std(), now - call.arrived);
    let trace = telemetry::incoming(request.metadata(), &call.span);
    let answer = match calls.codec.request(call.content_type, request) {
        Ok(request) => Either::Left(answer(calls.service.clone(), request)),
        Err(status) => Either::Right(ready(Err(status))),
    };
    Handle {
        calls,
        call,
        trace,
        running: Some(running),
        answer,
        deadline: None,
    }
}

pub(in crate::server) async fn answer<S: Handler>(
    mut service: S,
    request: Request<Body>,
) -> Outcome {
    std::future::poll_fn(|cx| service.poll_ready(cx))
        .await
        .map_err(|error| Status::from_error(error.into()))?;
    service
        .call(request)
        .await
        .map_err(|error| Status::from_error(error.into()))
}

impl<S: Handler, F: Future<Output = Outcome>> Future for Handle<S, F> {
    type Output = Option<Outgoing>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Outgoing>> {
        let mut this = self.project();
        let guard = Guard {
            method: this.call.method,
            span: &this.call.span,
            deadline: this.call.deadline,
            trace: this.trace.as_ref(),
        };
        // A handler that panicked is not polled again.
        let outcome = match guard.step(|| this.answer.as_mut().poll(cx)) {
            Poll::Ready(outcome) => Some(outcome.and_then(|outcome| outcome)),
            Poll::Pending => {
                let until = this.call.deadline.instant();
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
        Poll::Ready(finish(
            this.calls,
            this.call,
            this.trace.as_ref(),
            outcome,
            now,
        ))
    }
}

fn finish<S>(
    calls: &Calls<S>,
    call: &Call,
    trace: Option<&TraceContext>,
    outcome: Option<Outcome>,
    now: Instant,
) -> Option<Outgoing> {
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
    telemetry::record_outcome(&call.span, Side::Server, code, message);
    call.metrics.end(code, now - call.arrived);
    let (to, mut outcome) = call.reply.as_ref().zip(outcome)?;
    let metadata = match &mut outcome {
        Ok(response) => response.metadata_mut(),
        Err(status) => status.metadata_mut(),
    };
    telemetry::reply(metadata, trace);
    Some(reply::record(
        to,
        content_type,
        outcome,
        calls.message_limit,
    ))
}

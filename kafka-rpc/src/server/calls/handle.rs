//! Running a handler.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::{Either, ready};
use tokio::time::{Instant, Sleep, sleep_until};

use super::Calls;
use crate::call::{Body, CallContext, Code, Request, Response, Status};
use crate::descriptor::Method;
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

async fn answer<S: Handler>(mut service: S, request: Request<Body>) -> Outcome {
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
        let _entered = this.call.span.enter();
        let context = CallContext {
            deadline: Some(this.call.deadline),
            trace: this.trace.clone(),
        };
        let polled = context.within(|| {
            // A handler that panicked is not polled again.
            catch_unwind(AssertUnwindSafe(|| this.answer.as_mut().poll(cx)))
        });
        let outcome = match polled {
            Ok(Poll::Ready(outcome)) => Some(outcome),
            Err(_panic) => Some(Err(panicked(this.call.method))),
            Ok(Poll::Pending) => {
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

fn panicked(method: Method) -> Status {
    let path = method.descriptor().path;
    tracing::error!(method = path, "the handler panicked");
    telemetry::handler_panicked();
    Status::internal(format!("the handler of {path} panicked"))
}

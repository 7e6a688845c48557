//! Running a user's code one step at a time, so that it harms nobody.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use tracing::Span;

use crate::Status;
use crate::call::{CallContext, Deadline, Messages, Metadata};
use crate::descriptor::Method;
use crate::telemetry::{self, TraceContext};

/// What surrounds each step of a handler: the call's span, its context, and what catches panics.
#[derive(Clone, Copy, Debug)]
pub(in crate::server) struct Guard<'c> {
    pub(in crate::server) method: Method,
    pub(in crate::server) span: &'c Span,
    pub(in crate::server) deadline: Deadline,
    pub(in crate::server) trace: Option<&'c TraceContext>,
}

impl Guard<'_> {
    /// Takes a step. What panicked must not be asked again.
    pub(in crate::server) fn step<T>(
        self,
        step: impl FnOnce() -> Poll<T>,
    ) -> Poll<Result<T, Status>> {
        let _entered = self.span.enter();
        let context = CallContext {
            deadline: Some(self.deadline),
            trace: self.trace.cloned(),
        };
        match context.within(|| catch_unwind(AssertUnwindSafe(step))) {
            Ok(poll) => poll.map(Ok),
            Err(_panic) => Poll::Ready(Err(panicked(self.method))),
        }
    }
}

fn panicked(method: Method) -> Status {
    let path = method.descriptor().path;
    tracing::error!(method = path, "the handler panicked");
    telemetry::handler_panicked();
    Status::internal(format!("the handler of {path} panicked"))
}

/// A handler's stream, asked under guard.
pub(in crate::server) struct GuardedMessages<'c> {
    guard: Guard<'c>,
    /// `None` once it has panicked.
    messages: Option<Pin<Box<dyn Messages>>>,
}

impl<'c> GuardedMessages<'c> {
    pub(in crate::server) fn new(guard: Guard<'c>, messages: Pin<Box<dyn Messages>>) -> Self {
        Self {
            guard,
            messages: Some(messages),
        }
    }
}

impl Messages for GuardedMessages<'_> {
    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Status>>> {
        let this = &mut *self;
        let Some(messages) = &mut this.messages else {
            return Poll::Ready(None);
        };
        match this.guard.step(|| messages.as_mut().poll_next(cx)) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(next)) => Poll::Ready(next),
            Poll::Ready(Err(panicked)) => {
                this.messages = None;
                Poll::Ready(Some(Err(panicked)))
            }
        }
    }

    fn trailers(mut self: Pin<&mut Self>) -> Metadata {
        let messages = self.messages.as_mut();
        messages.map_or_else(Metadata::new, |messages| messages.as_mut().trailers())
    }
}

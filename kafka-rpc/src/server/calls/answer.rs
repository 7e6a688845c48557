use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::handle::Outcome;
use crate::call::{Body, Request, Status};
use crate::server::handler::Handler;

pin_project_lite::pin_project! {
    /// What a server's layers and its handler make of a request. A type with a name, so that the memory
    /// of one can be used for the next.
    #[project = Step]
    pub(in crate::server) enum Answer<S: Handler> {
        Asked { service: S, request: Option<Request<Body>> },
        Answering { #[pin] answer: S::Future },
        // There is nothing to ask.
        Refused { status: Option<Status> },
    }
}

impl<S: Handler> Answer<S> {
    pub(in crate::server) fn to(service: S, request: Request<Body>) -> Self {
        Self::Asked {
            service,
            request: Some(request),
        }
    }

    pub(super) fn refusal(status: Status) -> Self {
        Self::Refused {
            status: Some(status),
        }
    }
}

impl<S: Handler> Future for Answer<S> {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        loop {
            let answer = match self.as_mut().project() {
                Step::Asked { service, request } => {
                    if let Err(error) = ready!(service.poll_ready(cx)) {
                        return Poll::Ready(Err(Status::from_error(error.into())));
                    }
                    service.call(request.take().unwrap_or_default())
                }
                Step::Answering { answer } => {
                    let outcome = ready!(answer.poll(cx));
                    return Poll::Ready(outcome.map_err(|error| Status::from_error(error.into())));
                }
                Step::Refused { status } => {
                    let status = status.take().unwrap_or_else(Status::polled_again);
                    return Poll::Ready(Err(status));
                }
            };
            self.set(Self::Answering { answer });
        }
    }
}

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::future::BoxFuture;
use tokio::time::{Instant, timeout_at};
use tracing::Span;

use super::attempts::{self, Exchange, Repeating};
use super::caller::Caller;
use super::enqueue::enqueue;
use super::gather::Gather;
use super::records::{self, Envelope, received};
use super::replies::unasked_stream;
use super::route::{Route, Routes};
use super::streams::{Begin, Opened, Reader};
use super::waiting::deadline_exceeded;
use crate::Error;
use crate::call::{
    Body, Code, Deadline, Extensions, IdempotencyKey, Messages, Request, RequestParts, Response,
    Status, Wanted,
};
use crate::descriptor::{Method, Repeats, Routing};
use crate::outside;
use crate::telemetry::{self, ClientMetrics, PendingCall, Side};
use crate::wire::CorrelationId;

/// A call: it begins when it is first polled, and to drop it then cancels it.
pub(super) struct Call {
    caller: Arc<Caller>,
    state: State,
}

enum State {
    New(Request<Body>),
    /// The first call of a method finds its way.
    Routing(Box<Begun>, BoxFuture<'static, Result<Arc<Route>, Status>>),
    Sent(Sent),
    /// A call that may be made again.
    Repeating(Box<Repeated>),
    /// A stream whose answer has not begun.
    Opening(Box<Reader>),
    /// A call that is left with Kafka.
    Enqueuing(BoxFuture<'static, Result<Response<Body>, Status>>),
    /// A call that went to all instances: its answers are read from now on.
    Gathering(Box<Gather>),
    Over,
}

/// A call that is not sent yet.
struct Begun {
    shown: Shown,
    method: Method,
    deadline: Deadline,
    parts: Box<RequestParts>,
    body: Body,
}

/// A call that is under way.
struct Sent {
    shown: Shown,
    exchange: Exchange,
}

/// A call that is under way, and whose method has a policy.
struct Repeated {
    shown: Shown,
    attempts: Repeating,
}

/// How a call is shown: its span and its metrics end with it, however it ends.
pub(super) struct Shown {
    span: Span,
    pending: PendingCall,
}

impl Call {
    pub(super) fn new(caller: Arc<Caller>, request: Request<Body>) -> Self {
        Self {
            caller,
            state: State::New(request),
        }
    }

    fn begin(&mut self, request: Request<Body>, now: Instant) -> Result<(), Status> {
        let method = request.method().ok_or_else(|| {
            Status::internal("the request names no method: use a generated client")
        })?;
        let shown = Shown {
            pending: ClientMetrics::of(method).begin(now.into_std()),
            span: telemetry::client_span(method),
        };
        let (mut parts, body) = request.split();
        if method.descriptor().deduplicated {
            deduplicate(&mut parts);
        }
        let deadline = self.caller.deadline(&parts, now);
        let begun = Begun {
            shown,
            method,
            deadline,
            parts,
            body,
        };
        if let Err(status) = self.caller.check_size(&begun.body) {
            return begun.shown.end(Err(status)).map(drop);
        }
        if deadline.instant() <= now {
            return begun.shown.end(Err(deadline_exceeded())).map(drop);
        }
        match self.caller.routes().ready(method) {
            Some(route) => self.send(begun, route, now),
            None => {
                let routes = Arc::clone(self.caller.routes());
                let route = Box::pin(find(routes, method, deadline));
                self.state = State::Routing(Box::new(begun), route);
                Ok(())
            }
        }
    }

    fn send(&mut self, begun: Begun, route: Arc<Route>, now: Instant) -> Result<(), Status> {
        let descriptor = begun.method.descriptor();
        let usual = begun.parts.wanted == Wanted::Usual;
        if descriptor.is_streaming() || descriptor.routing == Routing::All || !usual {
            return self.open(begun, route, now);
        }
        if let Some(policy) = route.repeats {
            self.repeat(begun, policy, route, now);
            return Ok(());
        }
        let Begun {
            shown,
            method,
            deadline,
            mut parts,
            body,
        } = begun;
        let entered = shown.span.enter();
        telemetry::record_topic(&shown.span, &route.request);
        telemetry::outgoing(&mut parts.metadata, &shown.span);
        let uuid = outside::random_id().as_u128();
        let id = CorrelationId::from_uuid(uuid);
        telemetry::record_correlation_id(&shown.span, &id);
        let envelope = Envelope {
            method,
            route: &route,
            to: route.destination(parts.key.as_deref(), now),
            id,
            timeout: deadline.instant().saturating_duration_since(now),
            stream: None,
        };
        let sent = records::request(&envelope, parts, body)
            .and_then(|record| Exchange::begin(&self.caller, route, uuid, deadline, record));
        drop(entered);
        match sent {
            Ok(exchange) => {
                self.state = State::Sent(Sent { shown, exchange });
                Ok(())
            }
            Err(status) => shown.end(Err(status)).map(drop),
        }
    }

    fn repeat(&mut self, begun: Begun, policy: Repeats, route: Arc<Route>, now: Instant) {
        let Begun {
            shown,
            method,
            deadline,
            mut parts,
            body,
        } = begun;
        telemetry::record_topic(&shown.span, &route.request);
        telemetry::outgoing(&mut parts.metadata, &shown.span);
        let request = attempts::Request {
            method,
            route,
            deadline,
            parts,
            message: body.into_bytes(),
        };
        let attempts = Repeating::new(&self.caller, policy, request, now);
        self.state = State::Repeating(Box::new(Repeated { shown, attempts }));
    }

    fn open(&mut self, begun: Begun, route: Arc<Route>, now: Instant) -> Result<(), Status> {
        let Begun {
            shown,
            method,
            deadline,
            mut parts,
            body,
        } = begun;
        telemetry::record_topic(&shown.span, &route.request);
        telemetry::outgoing(&mut parts.metadata, &shown.span);
        let begin = Begin {
            method,
            route,
            deadline,
            parts,
            body,
            shown,
        };
        let state = if begin.parts.wanted == Wanted::Receipt {
            let caller = Arc::clone(&self.caller);
            Ok(State::Enqueuing(Box::pin(enqueue(caller, begin))))
        } else if begin.method.descriptor().routing == Routing::All {
            Gather::begin(&self.caller, begin, now).map(|gather| State::Gathering(Box::new(gather)))
        } else {
            Reader::begin(&self.caller, begin, now).map(|reader| State::Opening(Box::new(reader)))
        };
        match state {
            Ok(state) => {
                self.state = state;
                Ok(())
            }
            Err((status, shown)) => shown.end(Err(status)).map(drop),
        }
    }
}

/// Repeats of a call have one key, and meet where the first was: in the partition of its key, or else
/// of that.
fn deduplicate(parts: &mut RequestParts) {
    let same = parts
        .idempotency_key
        .get_or_insert_with(IdempotencyKey::random);
    parts.key.get_or_insert_with(|| same.to_bytes());
}

/// The response of a stream whose answer has begun.
fn opened(mut reader: Box<Reader>, opened: Opened) -> Result<Response<Body>, Status> {
    match opened {
        Opened::Stream(metadata) if reader.is_read() => Ok(Response::from_parts(
            metadata,
            Body::boxed(Pin::from(reader as Box<dyn Messages>)),
            Extensions::new(),
        )),
        Opened::Message(head, message) => {
            let outcome = received(Some(Ok((head, message))));
            match reader.take_shown() {
                Some(shown) => shown.end(outcome),
                None => outcome,
            }
        }
        Opened::Stream(_) | Opened::Ended(_) => Err(reader.refuse(unasked_stream())),
    }
}

impl Future for Call {
    type Output = Result<Response<Body>, Status>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let call = &mut *self;
        loop {
            let answer = match &mut call.state {
                State::Sent(sent) => Some(ready!(sent.exchange.poll(cx))),
                _ => None,
            };
            match std::mem::replace(&mut call.state, State::Over) {
                State::New(request) => call.begin(request, Instant::now())?,
                State::Routing(begun, mut route) => {
                    let Poll::Ready(found) = ({
                        let _entered = begun.shown.span.enter();
                        route.as_mut().poll(cx)
                    }) else {
                        call.state = State::Routing(begun, route);
                        return Poll::Pending;
                    };
                    match found {
                        Ok(route) => call.send(*begun, route, Instant::now())?,
                        Err(status) => return Poll::Ready(begun.shown.end(Err(status))),
                    }
                }
                State::Sent(sent) => return Poll::Ready(sent.shown.end(received(answer))),
                State::Repeating(mut repeated) => {
                    let Repeated { shown, attempts } = &mut *repeated;
                    let Poll::Ready(answer) = ({
                        let _entered = shown.span.enter();
                        attempts.poll(cx, |id| telemetry::record_correlation_id(&shown.span, id))
                    }) else {
                        call.state = State::Repeating(repeated);
                        return Poll::Pending;
                    };
                    return Poll::Ready(repeated.shown.end(answer));
                }
                State::Opening(mut reader) => {
                    let Poll::Ready(beginning) = reader.poll_opened(cx) else {
                        call.state = State::Opening(reader);
                        return Poll::Pending;
                    };
                    return Poll::Ready(opened(reader, beginning?));
                }
                State::Enqueuing(mut enqueued) => {
                    let Poll::Ready(outcome) = enqueued.as_mut().poll(cx) else {
                        call.state = State::Enqueuing(enqueued);
                        return Poll::Pending;
                    };
                    return Poll::Ready(outcome);
                }
                State::Gathering(gather) => {
                    return Poll::Ready(Ok(Response::new(Body::answers(*gather))));
                }
                State::Over => return Poll::Ready(Err(Status::polled_again())),
            }
        }
    }
}

impl Shown {
    /// The end of a stream.
    pub(super) fn show(self, outcome: Result<(), &Status>) {
        let (code, message) = match outcome {
            Ok(()) => (Code::Ok, ""),
            Err(status) => (status.code(), status.message()),
        };
        telemetry::record_outcome(&self.span, Side::Client, code, message);
        self.pending.end(code);
    }

    fn end(self, outcome: Result<Response<Body>, Status>) -> Result<Response<Body>, Status> {
        self.show(outcome.as_ref().map(drop));
        outcome
    }
}

/// Finds a method's route, within the call's time.
async fn find(
    routes: Arc<Routes>,
    method: Method,
    deadline: Deadline,
) -> Result<Arc<Route>, Status> {
    timeout_at(deadline.instant(), routes.find(method))
        .await
        .map_err(|_| Status::deadline_exceeded("the method's topics were not found in time"))?
        .map_err(|error| unroutable(&error))
}

/// What a caller is told when a method's topics can't be used.
fn unroutable(error: &Error) -> Status {
    match error {
        Error::Unreachable(_) => Status::unavailable(error.to_string()),
        Error::Denied(_) => Status::permission_denied(error.to_string()),
        _ => Status::failed_precondition(error.to_string()),
    }
}

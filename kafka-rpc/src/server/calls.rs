use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{AbortHandle, AbortRegistration, Abortable, Aborted};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};
use tower_service::Service;
use tracing::Instrument;

use super::dispatch::{Dispatch, PartitionId, Ticket};
use super::router::{Call, ReplyTo};
use super::{codec, reply};
use crate::call::{Body, BoxError, CallContext, Code, Request, Response, Status};
use crate::descriptor::Method;
use crate::telemetry::{self, ServerMetrics, Side};
use crate::transport::{Deliveries, Failure, Outgoing, Producer, Undelivered};
use crate::wire::{ContentType, CorrelationId};

/// A reply that can't be written is tried again after this long …
const REPLY_RETRY_PAUSE: Duration = Duration::from_millis(100);
/// … until it has failed for this long; then its caller has certainly given up.
const REPLY_RETRY_LIMIT: Duration = Duration::from_secs(120);

/// What waits for its turn.
#[derive(Debug)]
pub(super) enum Work {
    Handle(Box<Call>),
    /// Only a status has to be told.
    Refuse(Status, ReplyTo),
}

pub(super) type Queue = Dispatch<Work, CorrelationId>;

/// The calls of one consumer group: starts handlers, sends their replies, and reports both to the
/// dispatch, whose lock is only ever held for a few lines.
pub(super) struct Calls<S> {
    pub(super) dispatch: Mutex<Queue>,
    service: S,
    codec: codec::Codec,
    message_limit: usize,
    producer: Mutex<Option<Arc<dyn Producer>>>,
    runtime: Handle,
    /// Ends the handler of a running call.
    handlers: Mutex<HashMap<Ticket, AbortHandle>>,
    /// When the reply of a call could not be written for the first time.
    failing: Mutex<HashMap<Ticket, Instant>>,
}

impl<S> Calls<S> {
    pub(super) fn new(
        dispatch: Queue,
        service: S,
        codec: codec::Codec,
        message_limit: usize,
        runtime: Handle,
    ) -> Self {
        Self {
            dispatch: Mutex::new(dispatch),
            service,
            codec,
            message_limit,
            producer: Mutex::new(None),
            runtime,
            handlers: Mutex::default(),
            failing: Mutex::default(),
        }
    }

    /// The producer reports to the calls, so it comes after them; `None` when the server has ended.
    pub(super) fn set_producer(&self, producer: Option<Arc<dyn Producer>>) {
        *self.producer.lock() = producer;
    }

    /// Ends the handler of a call. Its end is reported as that of any other.
    pub(super) fn abort(&self, ticket: Ticket) {
        if let Some(handler) = self.handlers.lock().get(&ticket) {
            handler.abort();
        }
    }

    /// Ends the handlers of all calls that `which` names.
    pub(super) fn abort_where(&self, which: impl Fn(Ticket) -> bool) {
        for (ticket, handler) in &*self.handlers.lock() {
            if which(*ticket) {
                handler.abort();
            }
        }
    }

    /// A call's permit and key come free.
    fn finished(&self, ticket: Ticket) {
        self.handlers.lock().remove(&ticket);
        self.dispatch.lock().finished(ticket);
    }

    /// A call is over without a reply.
    fn over(&self, ticket: Ticket) {
        self.handlers.lock().remove(&ticket);
        let mut dispatch = self.dispatch.lock();
        dispatch.finished(ticket);
        dispatch.settled(ticket);
    }

    /// A handler was ended: by its caller, or because its partition is another's now.
    fn aborted(&self, ticket: Ticket, metrics: &ServerMetrics, arrived: Instant) {
        metrics.end(Code::Cancelled, arrived.elapsed());
        if self.dispatch.lock().owns(ticket.partition) {
            metrics.cancelled();
        }
        self.over(ticket);
    }

    fn send(&self, ticket: Ticket, record: Outgoing) -> Result<(), Box<Undelivered>> {
        let producer = self.producer.lock().clone();
        match producer {
            Some(producer) => producer.send(record, token(ticket)),
            None => Ok(()),
        }
    }
}

impl<S> Calls<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
{
    /// Starts what may start now.
    pub(super) fn start_ready(self: &Arc<Self>) {
        let mut started = Vec::new();
        loop {
            {
                let mut dispatch = self.dispatch.lock();
                while let Some((ticket, work)) = dispatch.start() {
                    // Under the same lock, so that a cancel finds what it ends.
                    let (handle, registration) = AbortHandle::new_pair();
                    self.handlers.lock().insert(ticket, handle);
                    started.push((ticket, work, registration));
                }
            }
            if started.is_empty() {
                return;
            }
            for (ticket, work, registration) in started.drain(..) {
                self.begin(ticket, work, registration);
            }
        }
    }

    fn begin(self: &Arc<Self>, ticket: Ticket, work: Work, registration: AbortRegistration) {
        match work {
            Work::Handle(call) if call.deadline.is_passed() => {
                tracing::debug!(method = call.method.descriptor().path, "too late to handle");
                let metrics = ServerMetrics::of(call.method);
                metrics.expired();
                metrics.end(Code::DeadlineExceeded, call.arrived.elapsed());
                self.over(ticket);
            }
            Work::Handle(call) => self.spawn(ticket, call, registration),
            Work::Refuse(status, to) => {
                let outcome = Err(status);
                let record = reply::record(&to, ContentType::Protobuf, outcome, self.message_limit);
                self.reply(ticket, record);
                self.finished(ticket);
            }
        }
    }

    fn spawn(self: &Arc<Self>, ticket: Ticket, call: Box<Call>, registration: AbortRegistration) {
        let running = Running {
            calls: Arc::clone(self),
            ticket,
            over: false,
        };
        let (method, span, arrived) = (call.method, call.span.clone(), call.arrived);
        let work = Abortable::new(self.clone().handle(*call), registration);
        self.runtime.spawn(async move {
            let mut running = running;
            let outcome = work.await;
            running.over = true;
            let calls = &running.calls;
            match outcome {
                Ok(Some(record)) => {
                    // The reply leaves before the next call of the same key can start.
                    calls.reply(ticket, record);
                    calls.finished(ticket);
                }
                Ok(None) => calls.over(ticket),
                Err(Aborted) => {
                    telemetry::record_outcome(&span, Side::Server, Code::Cancelled, "cancelled");
                    calls.aborted(ticket, ServerMetrics::of(method), arrived);
                }
            }
            calls.start_ready();
        });
    }

    /// Runs the handler, and shows it. The record to be sent; `None` where nobody waits for one.
    async fn handle(self: Arc<Self>, call: Call) -> Option<Outgoing> {
        let Call {
            method,
            key: _,
            request,
            deadline,
            content_type,
            reply,
            span,
            arrived,
        } = call;
        let metrics = ServerMetrics::of(method);
        let running = metrics.start(arrived.elapsed());
        let trace = telemetry::incoming(request.metadata(), &span);
        let context = CallContext {
            deadline: Some(deadline),
            trace: trace.clone(),
        };
        let answer = context.scope(self.answer(request, content_type));
        let answer = AssertUnwindSafe(answer).catch_unwind();
        let outcome = timeout_at(deadline.instant(), answer)
            .instrument(span.clone())
            .await;
        drop(running);
        let outcome = match outcome {
            Ok(Ok(outcome)) => Some(outcome),
            Ok(Err(_panic)) => Some(Err(panicked(method))),
            // The caller gives up at the same moment: it is not told.
            Err(_) => None,
        };
        let (code, message) = match &outcome {
            Some(Ok(_)) => (Code::Ok, ""),
            Some(Err(status)) => (status.code(), status.message()),
            None => (
                Code::DeadlineExceeded,
                "the deadline passed while the handler ran",
            ),
        };
        telemetry::record_outcome(&span, Side::Server, code, message);
        metrics.end(code, arrived.elapsed());
        let mut record = None;
        if let (Some(to), Some(mut outcome)) = (reply, outcome) {
            let metadata = match &mut outcome {
                Ok(response) => response.metadata_mut(),
                Err(status) => status.metadata_mut(),
            };
            telemetry::reply(metadata, trace.as_ref());
            record = Some(reply::record(
                &to,
                content_type,
                outcome,
                self.message_limit,
            ));
        }
        record
    }

    async fn answer(
        &self,
        request: Request<Body>,
        content_type: ContentType,
    ) -> Result<Response<Body>, Status> {
        let method = request.method();
        let request = self.codec.request(content_type, request)?;
        let mut service = self.service.clone();
        std::future::poll_fn(|cx| service.poll_ready(cx))
            .await
            .map_err(|error| Status::from_error(error.into()))?;
        let response = service
            .call(request)
            .await
            .map_err(|error| Status::from_error(error.into()))?;
        self.codec.response(content_type, method, response)
    }

    /// Sends a reply; its call is settled when it is acknowledged.
    fn reply(self: &Arc<Self>, ticket: Ticket, record: Outgoing) {
        if let Err(undelivered) = self.send(ticket, record) {
            self.not_delivered(ticket, *undelivered);
        }
    }

    fn not_delivered(self: &Arc<Self>, ticket: Ticket, undelivered: Undelivered) {
        let Undelivered { record, error } = undelivered;
        let passing = matches!(
            error.failure,
            Failure::Unreachable | Failure::QueueFull | Failure::Fatal
        );
        let now = Instant::now();
        let since = *self.failing.lock().entry(ticket).or_insert(now);
        let too_large = error.failure == Failure::TooLarge && !record.value.is_empty();
        if passing && now.duration_since(since) < REPLY_RETRY_LIMIT {
            tracing::debug!(%error, "a reply is sent again");
            telemetry::reply_retried();
            let calls = Arc::clone(self);
            self.runtime.spawn(async move {
                tokio::time::sleep(REPLY_RETRY_PAUSE).await;
                calls.reply(ticket, record);
            });
        } else if too_large && let Some(smaller) = reply::too_large(&record, &error) {
            self.reply(ticket, smaller);
        } else {
            tracing::warn!(%error, "a reply is lost");
            telemetry::reply_lost();
            self.settle(ticket);
        }
    }

    fn settle(&self, ticket: Ticket) {
        let mut failing = self.failing.lock();
        if !failing.is_empty() {
            failing.remove(&ticket);
        }
        drop(failing);
        self.dispatch.lock().settled(ticket);
    }
}

fn panicked(method: Method) -> Status {
    let path = method.descriptor().path;
    tracing::error!(method = path, "the handler panicked");
    telemetry::handler_panicked();
    Status::internal(format!("the handler of {path} panicked"))
}

/// Takes the producer's reports to the calls, without keeping them alive.
pub(super) struct ReplyDeliveries<S>(pub(super) std::sync::Weak<Calls<S>>);

impl<S> Deliveries for ReplyDeliveries<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
{
    fn delivered(&self, token: u128, outcome: Result<(), Undelivered>) {
        let Some(calls) = self.0.upgrade() else {
            return;
        };
        match outcome {
            Ok(()) => calls.settle(ticket(token)),
            Err(undelivered) => calls.not_delivered(ticket(token), undelivered),
        }
    }
}

/// A running handler: however it ends, its permit and its key come free.
struct Running<S> {
    calls: Arc<Calls<S>>,
    ticket: Ticket,
    over: bool,
}

impl<S> Drop for Running<S> {
    /// The runtime ended, and the handler with it: its call is not settled, so that the partition's
    /// next owner handles it.
    fn drop(&mut self) {
        if !self.over {
            self.calls.finished(self.ticket);
        }
    }
}

fn token(ticket: Ticket) -> u128 {
    u128::from(ticket.partition.to_bits()) << 64 | u128::from(ticket.offset.cast_unsigned())
}

fn ticket(token: u128) -> Ticket {
    Ticket {
        partition: PartitionId::from_bits((token >> 64) as u64),
        offset: (token as u64).cast_signed(),
    }
}

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{AbortHandle, Abortable};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};
use tower_service::Service;

use super::dispatch::{Dispatch, PartitionId, Ticket};
use super::router::{Call, ReplyTo};
use super::{codec, reply};
use crate::call::{Body, BoxError, CallContext, Request, Response, Status};
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
                while let Some(next) = dispatch.start() {
                    started.push(next);
                }
            }
            if started.is_empty() {
                return;
            }
            for (ticket, work) in started.drain(..) {
                self.begin(ticket, work);
            }
        }
    }

    fn begin(self: &Arc<Self>, ticket: Ticket, work: Work) {
        match work {
            Work::Handle(call) if call.deadline.is_passed() => {
                tracing::debug!(method = call.method.descriptor().path, "too late to handle");
                metrics::counter!("kafka_rpc.server.expired").increment(1);
                self.over(ticket);
            }
            Work::Handle(call) => self.spawn(ticket, call),
            Work::Refuse(status, to) => {
                let outcome = Err(status);
                let record =
                    reply::record(&to, ContentType::Protobuf, outcome, self.message_limit);
                self.reply(ticket, record);
                self.dispatch.lock().finished(ticket);
            }
        }
    }

    fn spawn(self: &Arc<Self>, ticket: Ticket, call: Box<Call>) {
        let (handle, registration) = AbortHandle::new_pair();
        self.handlers.lock().insert(ticket, handle);
        let running = Running {
            calls: Arc::clone(self),
            ticket,
            over: false,
        };
        let work = Abortable::new(self.clone().handle(*call), registration);
        self.runtime.spawn(async move {
            let mut running = running;
            if let Ok(Some(record)) = work.await {
                running.reply(record);
            } else {
                running.end();
            }
            running.calls.start_ready();
        });
    }

    /// Runs the handler. The record to be sent; `None` where nobody waits for one.
    async fn handle(self: Arc<Self>, call: Call) -> Option<Outgoing> {
        let Call {
            method,
            key: _,
            request,
            deadline,
            content_type,
            reply,
        } = call;
        let context = CallContext {
            deadline: Some(deadline),
            trace: None,
        };
        let answer = AssertUnwindSafe(context.scope(self.answer(request, content_type)));
        let outcome = match timeout_at(deadline.instant(), answer.catch_unwind()).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_panic)) => {
                let path = method.descriptor().path;
                tracing::error!(method = path, "the handler panicked");
                metrics::counter!("kafka_rpc.server.panics").increment(1);
                Err(Status::internal(format!("the handler of {path} panicked")))
            }
            Err(_) => {
                // The caller has given up at the same moment.
                metrics::counter!("kafka_rpc.server.expired").increment(1);
                return None;
            }
        };
        let to = reply?;
        Some(reply::record(&to, content_type, outcome, self.message_limit))
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

    /// A call without a reply is over.
    fn over(&self, ticket: Ticket) {
        let mut dispatch = self.dispatch.lock();
        dispatch.finished(ticket);
        dispatch.settled(ticket);
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
            metrics::counter!("kafka_rpc.server.reply_retries").increment(1);
            let calls = Arc::clone(self);
            self.runtime.spawn(async move {
                tokio::time::sleep(REPLY_RETRY_PAUSE).await;
                calls.reply(ticket, record);
            });
        } else if too_large && let Some(smaller) = reply::too_large(&record, &error) {
            self.reply(ticket, smaller);
        } else {
            tracing::warn!(%error, "a reply is lost");
            metrics::counter!("kafka_rpc.server.lost_replies").increment(1);
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

impl<S> Running<S> {
    /// Ends without a reply.
    fn end(&mut self) {
        if std::mem::replace(&mut self.over, true) {
            return;
        }
        self.calls.handlers.lock().remove(&self.ticket);
        let mut dispatch = self.calls.dispatch.lock();
        dispatch.finished(self.ticket);
        dispatch.settled(self.ticket);
    }
}

impl<S> Running<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
{
    /// Ends with a reply, which leaves before the next call of the same key can start.
    fn reply(&mut self, record: Outgoing) {
        self.over = true;
        self.calls.handlers.lock().remove(&self.ticket);
        self.calls.reply(self.ticket, record);
        self.calls.dispatch.lock().finished(self.ticket);
    }
}

impl<S> Drop for Running<S> {
    /// The runtime ended, and the handler with it.
    fn drop(&mut self) {
        if !self.over {
            self.over = true;
            self.calls.handlers.lock().remove(&self.ticket);
            // Not settled: the next owner handles it again.
            self.calls.dispatch.lock().finished(self.ticket);
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

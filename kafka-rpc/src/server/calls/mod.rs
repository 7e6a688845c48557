mod handle;
mod replies;

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::{AbortHandle, AbortRegistration, Abortable, Aborted};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::time::Instant;

pub(super) use self::replies::ReplyDeliveries;
use super::codec::Codec;
use super::dispatch::{Dispatch, Ticket};
use super::handler::Handler;
use super::reply;
use super::router::{Call, ReplyTo};
use crate::call::{Code, Status};
use crate::telemetry::{self, ServerMetrics, Side};
use crate::transport::Producer;
use crate::wire::{ContentType, CorrelationId};

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
    codec: Codec,
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
        codec: Codec,
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

    /// A call is left to the partition's next owner.
    fn abandoned(&self, ticket: Ticket) {
        self.handlers.lock().remove(&ticket);
        self.dispatch.lock().abandoned(ticket);
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
}

impl<S: Handler> Calls<S> {
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
}

/// A running handler: however it ends, its permit and its key come free.
struct Running<S> {
    calls: Arc<Calls<S>>,
    ticket: Ticket,
    over: bool,
}

impl<S> Drop for Running<S> {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        if std::thread::panicking() {
            // What the handler held panicked when it was dropped: nobody waits for a reply by then.
            telemetry::handler_panicked();
            self.calls.over(self.ticket);
        } else {
            // The runtime ended, and the handler with it: the partition's next owner handles it.
            self.calls.abandoned(self.ticket);
        }
    }
}

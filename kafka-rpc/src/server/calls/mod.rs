mod answer;
mod batch;
mod guard;
mod handle;
mod letters;
mod once;
mod place;
mod replies;
mod transacted;
mod unusual;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::{AbortHandle, AbortRegistration};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::time::Instant;

pub(super) use self::answer::Answer;
pub(super) use self::guard::{Guard, GuardedMessages};
use self::once::Identity;
pub(super) use self::once::Once;
pub(super) use self::replies::{ReplyDeliveries, ticket_of, token_of};
pub(super) use self::transacted::Transacted;
use self::unusual::Unusual;
use super::codec::Codec;
use super::dead_letters::Letter;
use super::deduplication::UnderWay;
use super::dispatch::{Dispatch, Ticket};
use super::router::{Call, ReplyTo, SpareCalls};
use super::streams::Streams;
use super::writer::ReplyWriter;
use crate::call::{Code, Status};
use crate::hashing::HashMap;
use crate::pace::Pace;
use crate::stream::StreamSettings;
use crate::telemetry::ServerMetrics;
use crate::transport::Producer;
use crate::wire::CorrelationId;

/// What waits for its turn.
#[derive(Debug)]
pub(super) enum Work {
    Handle(Box<Call>),
    /// Only a status has to be told.
    Refuse(Box<(Status, ReplyTo)>),
    /// It becomes a dead letter.
    Bury(Box<Letter>),
}

pub(super) type Queue = Dispatch<Work, CorrelationId>;

/// The calls of one consumer group: starts handlers, sends their replies, and reports both to the
/// dispatch, whose lock is only ever held for a few lines.
pub(super) struct Calls<S> {
    pub(super) dispatch: Mutex<Queue>,
    service: S,
    codec: Codec,
    message_limit: usize,
    /// What the server is called.
    instance: Arc<str>,
    /// Whether its callers have to tell instances apart.
    of_instance: bool,
    streams: Streams,
    writer: Arc<ReplyWriter>,
    /// Where the records of calls that are no streams are written with their offsets.
    transacted: Option<Transacted>,
    runtime: Handle,
    /// Ends the handler of a running call: one that was not ready at once, or that is to be ended
    /// before it is known whether it is.
    handlers: Mutex<HashMap<Ticket, Running>>,
    once: Once,
    /// The deduplicated calls among those that run, and who waits for them.
    under_way: Mutex<UnderWay<Identity, Ticket>>,
    /// Of calls whose records go another way than one reply that is acknowledged at once.
    unusual: Mutex<Unusual>,
    /// Of calls that are over.
    spare: Mutex<SpareCalls>,
    /// How fast calls start, and whether that is so fast that replies may wait for each other.
    pace: Mutex<Pace>,
    dense: AtomicBool,
}

/// What a server sets for its calls.
pub(super) struct Setup {
    pub(super) message_limit: usize,
    /// What the server is called.
    pub(super) instance: Arc<str>,
    /// Whether its callers have to tell instances apart.
    pub(super) of_instance: bool,
    pub(super) streams: StreamSettings,
    pub(super) once: Once,
    pub(super) transacted: Option<Transacted>,
}

/// How a running call is ended.
struct Running {
    abort: AbortHandle,
    /// Whether only the loss of its partition ends it.
    lasts: bool,
    /// Its caller has no more use for it.
    cancelled: bool,
}

impl Running {
    fn new(lasts: bool) -> (Self, AbortRegistration) {
        let (abort, registration) = AbortHandle::new_pair();
        let running = Self {
            abort,
            lasts,
            cancelled: false,
        };
        (running, registration)
    }
}

impl<S> Calls<S> {
    pub(super) fn new(
        dispatch: Queue,
        service: S,
        codec: Codec,
        setup: Setup,
        runtime: Handle,
    ) -> Self {
        let Setup {
            message_limit,
            instance,
            of_instance,
            streams,
            once,
            transacted,
        } = setup;
        let writer = Arc::<ReplyWriter>::default();
        Self {
            dispatch: Mutex::new(dispatch),
            service,
            codec,
            message_limit,
            instance,
            of_instance,
            streams: Streams::new(streams, Arc::clone(&writer)),
            writer,
            transacted,
            runtime,
            handlers: Mutex::default(),
            once,
            under_way: Mutex::new(UnderWay::new()),
            unusual: Mutex::default(),
            spare: Mutex::default(),
            pace: Mutex::new(Pace::new()),
            dense: AtomicBool::new(false),
        }
    }

    /// The producer reports to the calls, so it comes after them; `None` when the server has ended.
    pub(super) fn set_producer(&self, producer: Option<Arc<dyn Producer>>) {
        self.writer.set(producer);
    }

    /// Where records and offsets are written together, if they are.
    pub(super) fn transacted(&self) -> Option<&Transacted> {
        self.transacted.as_ref()
    }

    pub(super) fn streams(&self) -> &Streams {
        &self.streams
    }

    /// Calls are left to the next owner before they began.
    pub(super) fn forget_waiting(&self, waiting: Vec<Work>) {
        for work in waiting {
            if let Work::Handle(call) = work {
                self.streams.forget(&call);
            }
        }
    }

    pub(super) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    pub(super) fn message_limit(&self) -> usize {
        self.message_limit
    }

    /// A caller has no more use for a running call: ends its handler, unless it lasts. Its end is
    /// reported as that of any other.
    pub(super) fn abort(&self, ticket: Ticket) {
        // While it is held, no call ends, which would leave what is put in here behind.
        let dispatch = self.dispatch.lock();
        if dispatch.runs(ticket) {
            let mut handlers = self.handlers.lock();
            let handler = handlers
                .entry(ticket)
                .or_insert_with(|| Running::new(false).0);
            handler.cancelled = true;
            if !handler.lasts {
                handler.abort.abort();
            }
        }
    }

    /// Ends the handlers of all calls that `which` names.
    pub(super) fn abort_where(&self, which: impl Fn(Ticket) -> bool) {
        for (ticket, handler) in &*self.handlers.lock() {
            if which(*ticket) {
                handler.abort.abort();
            }
        }
    }

    /// Makes it possible to end the handler of a call from now on; it may have to end already.
    fn abortable(&self, ticket: Ticket, lasts: bool) -> AbortRegistration {
        let (running, registration) = Running::new(lasts);
        let abort = running.abort.clone();
        let ended_before = self.handlers.lock().insert(ticket, running);
        // A partition that is given up from here on finds the handle.
        if ended_before.is_some() || !self.dispatch.lock().owns(ticket.partition) {
            abort.abort();
        }
        registration
    }

    /// Whether the caller of a running call has no more use for it.
    fn is_cancelled(&self, ticket: Ticket) -> bool {
        let handlers = self.handlers.lock();
        handlers
            .get(&ticket)
            .is_some_and(|running| running.cancelled)
    }

    fn is_aborted(&self, ticket: Ticket) -> bool {
        let handlers = self.handlers.lock();
        !handlers.is_empty() && handlers.contains_key(&ticket)
    }

    /// So many calls start.
    fn paced(&self, calls: usize, now: Instant) {
        let mut pace = self.pace.lock();
        pace.count(u32::try_from(calls).unwrap_or(u32::MAX), now);
        self.dense.store(pace.is_dense(), Ordering::Relaxed);
    }

    /// Hands over the memory of calls that are over.
    pub(super) fn spare_into(&self, spare: &mut SpareCalls) {
        spare.append(&mut self.spare.lock());
    }

    /// Calls' permits and keys come free.
    fn finished(&self, tickets: &[Ticket]) {
        {
            let mut dispatch = self.dispatch.lock();
            for ticket in tickets {
                dispatch.finished(*ticket);
            }
        }
        self.forget_handlers(tickets);
    }

    /// A call is left to the partition's next owner.
    fn abandoned(&self, ticket: Ticket) {
        self.dispatch.lock().abandoned(ticket);
        self.forget_handlers(&[ticket]);
    }

    /// A call is over without a reply.
    fn over(&self, ticket: Ticket) {
        {
            let mut dispatch = self.dispatch.lock();
            dispatch.finished(ticket);
            dispatch.settled(ticket);
        }
        self.forget_handlers(&[ticket]);
    }

    fn forget_handlers(&self, ended: &[Ticket]) {
        let mut handlers = self.handlers.lock();
        if !handlers.is_empty() {
            for ticket in ended {
                handlers.remove(ticket);
            }
        }
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

impl<S: Clone> Calls<S> {
    /// What requests go to, for one of them.
    pub(super) fn service(&self) -> S {
        self.service.clone()
    }
}

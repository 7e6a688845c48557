//! Running calls by the batch.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::{Abortable, Aborted};
use tokio::time::Instant;

use super::handle::{Ended, handle};
use super::once::{Claim, Claimed};
use super::place::Place;
use super::{Calls, Work};
use crate::call::{Code, Status};
use crate::descriptor::Method;
use crate::outside;
use crate::server::dead_letters::Letter;
use crate::server::dispatch::Ticket;
use crate::server::handler::Handler;
use crate::server::reply;
use crate::server::router::{Call, ReplyTo, SpareCalls};
use crate::telemetry::{self, ServerMetrics, Side};
use crate::transport::Outgoing;
use crate::wire::ContentType;

/// How many calls share a task as long as their handlers are ready at once: to wake a thread for
/// fewer costs more than they do.
const LEAST: usize = 8;
const MOST: usize = 64;
/// How long a call may hold up those behind it in its batch. Then each of those gets a task of its
/// own, and so a thread of its own where there is one.
const PATIENCE: Duration = Duration::from_micros(50);
/// How long a task goes on with calls that have become ready since it began.
const TURN: Duration = Duration::from_micros(200);

type Started = VecDeque<(Ticket, Work)>;

impl<S: Handler> Calls<S> {
    /// Starts what may start now: tasks of some calls each, in each of which those go on alone
    /// that are not ready at once.
    pub(in crate::server) fn start_ready(self: &Arc<Self>) {
        let threads = self.runtime.metrics().num_workers();
        let ready = {
            let mut dispatch = self.dispatch.lock();
            if dispatch.next_due().is_some() {
                dispatch.wake(Instant::now());
            }
            dispatch.ready()
        };
        let size = ready.div_ceil(threads);
        let size = size.clamp(LEAST, MOST);
        loop {
            let started = self.start(size);
            if started.is_empty() {
                return;
            }
            self.spawn_batch(started);
        }
    }

    fn start(&self, most: usize) -> Started {
        let mut dispatch = self.dispatch.lock();
        let mut started = Started::with_capacity(most.min(dispatch.ready()));
        while started.len() < most
            && let Some(call) = dispatch.start()
        {
            started.push_back(call);
        }
        started
    }

    fn spawn_batch(self: &Arc<Self>, waiting: Started) {
        let batch = Batch {
            calls: Arc::clone(self),
            finished: Vec::with_capacity(waiting.len()),
            place: None,
            spare: SpareCalls::default(),
            waiting,
        };
        outside::spawn_on(&self.runtime, batch.run());
    }
}

/// Calls that were started, of which one is at work.
struct Batch<S: Handler> {
    calls: Arc<Calls<S>>,
    waiting: Started,
    /// Their replies have been sent.
    finished: Vec<Ticket>,
    /// Where a handler has run that was ready at once, for the next one.
    place: Option<Pin<Box<Place<S>>>>,
    /// Of calls that are over.
    spare: SpareCalls,
}

impl<S: Handler> Batch<S> {
    async fn run(mut self) {
        let begun = Instant::now();
        let mut last = begun;
        while last - begun < TURN && !self.waiting.is_empty() {
            self.calls.paced(self.waiting.len(), last);
            while let Some((ticket, work)) = self.waiting.pop_front() {
                match work {
                    Work::Handle(call) => self.handle(ticket, call, last).await,
                    Work::Refuse(told) => self.refuse(ticket, *told),
                    Work::Bury(letter) => self.bury(ticket, *letter, None),
                }
                let before = std::mem::replace(&mut last, Instant::now());
                if last - before > PATIENCE {
                    self.spread();
                }
            }
            self.finish();
            self.waiting = self.calls.start(MOST);
        }
        self.spread();
    }

    fn refuse(&mut self, ticket: Ticket, (status, to): (Status, ReplyTo)) {
        let limit = self.calls.message_limit;
        let record = reply::record(&to, ContentType::Protobuf, Err(status), limit);
        self.reply(ticket, record);
    }

    async fn handle(&mut self, ticket: Ticket, mut call: Box<Call>, now: Instant) {
        let shown = Shown::of(&call);
        if self.calls.is_aborted(ticket) {
            self.calls.streams().forget(&call);
            return shown.aborted(&self.calls, ticket);
        }
        if call.deadline.instant() <= now {
            self.calls.streams().forget(&call);
            let letter = call.kept.take().and_then(|kept| kept.expired());
            shown.expired();
            return match letter {
                Some(letter) => self.bury(ticket, letter, None),
                None => self.calls.over(ticket),
            };
        }
        if let Some(opened) = call.stream.take() {
            // From here on it is its caller's to notice that the server is gone.
            self.calls.over(ticket);
            return self.calls.run_stream(ticket, call, *opened, now);
        }
        let claim = match call.once.clone() {
            None => None,
            Some(key) => match self.calls.claim(ticket, key, call) {
                Claimed::Begins(begun, claim) => {
                    call = begun;
                    Some(claim)
                }
                Claimed::Waits => return,
                Claimed::Cancelled => return shown.aborted(&self.calls, ticket),
            },
        };
        // Alone in its guard: whatever happens, the call comes to an end.
        let alone = Alone::new(&self.calls, ticket, claim);
        let work = Place::of(handle(Arc::clone(&self.calls), call, now));
        let mut place = match self.place.take() {
            Some(mut place) => {
                place.set(work);
                place
            }
            None => Box::pin(work),
        };
        let polled = std::future::poll_fn(|cx| Poll::Ready(place.as_mut().poll(cx))).await;
        match polled {
            Poll::Ready(ended) => {
                let over = place.as_mut().clear();
                self.place = Some(place);
                alone.end();
                if let Some(call) = over {
                    self.spare.keep(call);
                }
                if self.calls.conclude(ticket, ended, &shown) {
                    self.finished.push(ticket);
                }
            }
            Poll::Pending => alone.spawn(place, shown),
        }
    }

    /// The reply leaves before the next call of the same key can start.
    fn reply(&mut self, ticket: Ticket, record: Outgoing) {
        self.calls.reply(ticket, record);
        self.finished.push(ticket);
    }

    fn bury(&mut self, ticket: Ticket, letter: Letter, reply: Option<Outgoing>) {
        self.calls.bury(ticket, letter, reply);
        self.finished.push(ticket);
    }

    fn finish(&mut self) {
        if !self.finished.is_empty() {
            self.calls.finished(&self.finished);
            self.finished.clear();
            self.calls.spare.lock().append(&mut self.spare);
        }
    }

    /// What waits goes on without this task.
    fn spread(&mut self) {
        for call in self.waiting.drain(..) {
            self.calls.spawn_batch([call].into());
        }
    }
}

impl<S: Handler> Drop for Batch<S> {
    fn drop(&mut self) {
        self.finish();
        if std::thread::panicking() {
            self.spread();
        }
        // The runtime ended, and the partitions' next owners handle what waits.
        for (ticket, _) in self.waiting.drain(..) {
            self.calls.abandoned(ticket);
        }
    }
}

impl<S: Handler> Calls<S> {
    /// Does what is to be done when a handler has ended. True where its end is still to be
    /// reported: what it has left is on its way before the next call of the same key can start.
    fn conclude(self: &Arc<Self>, ticket: Ticket, ended: Ended, shown: &Shown) -> bool {
        match ended {
            Ended::Reply(record) => self.reply(ticket, record),
            Ended::Written(written) => {
                let (outbox, reply) = *written;
                self.reply_with(ticket, outbox, reply);
            }
            Ended::Dead(dead) => {
                let (letter, reply) = *dead;
                self.bury(ticket, letter, reply);
            }
            Ended::Silently => {
                self.over(ticket);
                return false;
            }
            Ended::Again(call, due) => {
                if self.postpone(ticket, due, call) {
                    telemetry::redelivered();
                } else {
                    shown.aborted(self, ticket);
                }
                return false;
            }
        }
        true
    }
}

/// How a call is shown that comes to no reply.
struct Shown {
    method: Method,
    metrics: &'static ServerMetrics,
    span: tracing::Span,
    arrived: Instant,
}

impl Shown {
    fn of(call: &Call) -> Self {
        Self {
            method: call.method,
            metrics: call.metrics,
            span: call.span.clone(),
            arrived: call.arrived,
        }
    }

    fn aborted<S: Handler>(&self, calls: &Calls<S>, ticket: Ticket) {
        telemetry::record_outcome(&self.span, Side::Server, Code::Cancelled, "cancelled");
        calls.aborted(ticket, self.metrics, self.arrived);
    }

    fn expired(&self) {
        tracing::debug!(method = self.method.descriptor().path, "too late to handle");
        self.metrics.expired();
        self.metrics
            .end(Code::DeadlineExceeded, self.arrived.elapsed());
    }
}

/// A call whose handler runs: however it ends, its permit and its key come free.
struct Alone<S: Handler> {
    calls: Arc<Calls<S>>,
    ticket: Ticket,
    /// Of a deduplicated call.
    claim: Option<Claim<S>>,
    over: bool,
}

impl<S: Handler> Alone<S> {
    fn new(calls: &Arc<Calls<S>>, ticket: Ticket, claim: Option<Claim<S>>) -> Self {
        Self {
            calls: Arc::clone(calls),
            ticket,
            claim,
            over: false,
        }
    }

    fn end(mut self) {
        self.over = true;
    }

    /// Goes on in a task of its own, which can be ended.
    fn spawn(mut self, work: Pin<Box<Place<S>>>, shown: Shown) {
        let registration = match self.claim.as_mut().and_then(Claim::registration) {
            Some(registration) => registration,
            None => self.calls.abortable(self.ticket, false),
        };
        let runtime = self.calls.runtime.clone();
        let work = Abortable::new(work, registration);
        let lasts = self.claim.is_some();
        outside::spawn_on(&runtime, async move {
            let alone = self;
            let outcome = work.await;
            let (calls, ticket) = (Arc::clone(&alone.calls), alone.ticket);
            alone.end();
            match outcome {
                Ok(Ended::Reply(_)) if lasts && calls.is_cancelled(ticket) => {
                    shown.metrics.cancelled();
                    calls.over(ticket);
                }
                Ok(ended) => {
                    if calls.conclude(ticket, ended, &shown) {
                        calls.finished(&[ticket]);
                    }
                }
                Err(Aborted) => shown.aborted(&calls, ticket),
            }
            calls.start_ready();
        });
    }
}

impl<S: Handler> Drop for Alone<S> {
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

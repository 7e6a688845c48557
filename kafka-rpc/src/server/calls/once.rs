//! Deduplicated calls: one of those that are the same is under way at a time.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::AbortRegistration;

use super::Calls;
use crate::call::{IdempotencyKey, Origin, Recorder};
use crate::server::deduplication::{DeduplicatedCall, DeduplicationStore, OfCall, Turn};
use crate::server::dispatch::Ticket;
use crate::server::handler::Handler;
use crate::server::router::Call;

/// By its method and its key.
pub(super) type Identity = (&'static str, IdempotencyKey);

/// How deduplicated calls are handled.
pub(in crate::server) struct Once {
    /// `None` where none are.
    pub(in crate::server) store: Option<Arc<dyn DeduplicationStore>>,
    /// How long a handler may go on behind its call's deadline.
    pub(in crate::server) overtime: Duration,
}

/// A call is under way as long as this is there.
pub(super) struct Claim<S: Handler> {
    calls: Arc<Calls<S>>,
    identity: Identity,
    registration: Option<AbortRegistration>,
}

impl<S: Handler> Claim<S> {
    /// What ends the call with its partition. It is taken once.
    pub(super) fn registration(&mut self) -> Option<AbortRegistration> {
        self.registration.take()
    }
}

/// What a deduplicated call does when its turn has come.
pub(super) enum Claimed<S: Handler> {
    Begins(Box<Call>, Claim<S>),
    /// It is the next one's turn.
    Waits,
    /// Its caller has no more use for it.
    Cancelled,
}

impl<S: Handler> Calls<S> {
    /// Begins a deduplicated call, which may be ended with its partition from now on, but not by its
    /// caller. Where a call that is the same is under way, it waits for that one's end, without a
    /// permit.
    pub(super) fn claim(
        self: &Arc<Self>,
        ticket: Ticket,
        key: IdempotencyKey,
        call: Box<Call>,
    ) -> Claimed<S> {
        let identity = (call.method.descriptor().path, key);
        {
            let mut under_way = self.under_way.lock();
            if under_way.arrive(&identity, ticket) == Turn::Waits {
                let due = call.deadline.instant();
                // Within the lock, so that it waits when it is called upon.
                return match self.postpone(ticket, due, call) {
                    true => Claimed::Waits,
                    false => Claimed::Cancelled,
                };
            }
        }
        let registration = Some(self.abortable(ticket, true));
        let claim = Claim {
            calls: Arc::clone(self),
            identity,
            registration,
        };
        Claimed::Begins(call, claim)
    }
}

impl<S> Calls<S> {
    /// What the generated server asks for the record of a call.
    pub(super) fn recorder(&self, call: &Call, origin: &Origin) -> Option<Arc<dyn Recorder>> {
        let store = self.once.store.as_ref()?;
        let deduplicated = DeduplicatedCall {
            method: call.method.descriptor().path,
            key: call.once.clone()?,
            topic: Arc::clone(&origin.topic),
            partition: origin.partition,
        };
        let finality = call.kept.as_ref().map(|kept| kept.finality());
        Some(Arc::new(OfCall::new(
            Arc::clone(store),
            deduplicated,
            finality.unwrap_or_default(),
        )))
    }
}

impl<S: Handler> Drop for Claim<S> {
    fn drop(&mut self) {
        let waiting = self.calls.under_way.lock().end(&self.identity);
        if waiting.is_empty() {
            return;
        }
        {
            let mut dispatch = self.calls.dispatch.lock();
            for ticket in waiting {
                dispatch.hasten(ticket);
            }
        }
        self.calls.start_ready();
    }
}

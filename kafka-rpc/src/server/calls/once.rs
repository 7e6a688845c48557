//! Deduplicated calls: one of those that are the same is under way at a time.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::AbortRegistration;
use parking_lot::Mutex;
use tokio::time::sleep;

use super::Calls;
use crate::call::{IdempotencyKey, Origin, Recorder};
use crate::outside;
use crate::server::deduplication::{
    DeduplicatedCall, DeduplicationStore, Known, OfCall, Reading, TopicStore, Turn,
};
use crate::server::dispatch::{PartitionId, Ticket};
use crate::server::handler::Handler;
use crate::server::router::Call;
use crate::telemetry;

/// Records that can't be read are tried again after this long.
const READ_PAUSE: Duration = Duration::from_secs(1);

/// By its method and its key.
pub(super) type Identity = (&'static str, IdempotencyKey);

/// How deduplicated calls are handled.
pub(in crate::server) struct Once {
    /// `None` where none are.
    store: Option<Arc<dyn DeduplicationStore>>,
    /// Where the store has to be read first, for each partition.
    topics: Option<Topics>,
    /// How long a handler may go on behind its call's deadline.
    pub(super) overtime: Duration,
}

struct Topics {
    store: Arc<TopicStore>,
    reading: Mutex<Reading<PartitionId, Ticket>>,
}

impl Once {
    /// Not at all.
    pub(in crate::server) fn without() -> Self {
        Self {
            store: None,
            topics: None,
            overtime: Duration::ZERO,
        }
    }

    pub(in crate::server) fn with_store(
        store: Arc<dyn DeduplicationStore>,
        overtime: Duration,
    ) -> Self {
        Self {
            store: Some(store),
            topics: None,
            overtime,
        }
    }

    pub(in crate::server) fn with_topics(store: Arc<TopicStore>, overtime: Duration) -> Self {
        let topics = Topics {
            store: Arc::clone(&store),
            reading: Mutex::new(Reading::new()),
        };
        Self {
            store: Some(store),
            topics: Some(topics),
            overtime,
        }
    }
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
        let call = match self.when_known(ticket, call) {
            Ok(call) => call,
            Err(claimed) => return claimed,
        };
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

/// Records that have to be read first.
impl<S: Handler> Calls<S> {
    /// Gives the call back where the records of its partition are known. Otherwise it waits until they
    /// are, without a permit.
    fn when_known(
        self: &Arc<Self>,
        ticket: Ticket,
        call: Box<Call>,
    ) -> Result<Box<Call>, Claimed<S>> {
        let (Some(topics), Some(origin)) = (&self.once.topics, call.origin()) else {
            return Ok(call);
        };
        let place = (Arc::clone(&origin.topic), origin.partition);
        let mut reading = topics.reading.lock();
        let known = reading.arrive(ticket.partition, ticket);
        if known == Known::All {
            return Ok(call);
        }
        let due = call.deadline.instant();
        // Within the lock, so that it waits when it is called upon.
        let waits = self.postpone(ticket, due, call);
        if known == Known::Nothing {
            let dispatch = self.dispatch.lock();
            reading.retain(|id| dispatch.owns(*id));
        }
        drop(reading);
        if known == Known::Nothing {
            let read = Arc::clone(self).read_records(ticket.partition, place);
            outside::spawn_on(&self.runtime, read);
        }
        Err(match waits {
            true => Claimed::Waits,
            false => Claimed::Cancelled,
        })
    }

    /// Reads them, as long as the partition is ours.
    async fn read_records(self: Arc<Self>, id: PartitionId, (topic, partition): (Arc<str>, i32)) {
        let Some(topics) = &self.once.topics else {
            return;
        };
        while let Err(error) = topics.store.read(&topic, partition).await {
            telemetry::deduplication_failed("read");
            tracing::error!(
                %error, topic = &*topic, partition,
                "what calls came to can't be read; no deduplicated call is handled before"
            );
            sleep(READ_PAUSE).await;
            if !self.dispatch.lock().owns(id) {
                return;
            }
        }
        let waiting = topics.reading.lock().read(&id);
        self.hasten(waiting);
    }

    /// Calls upon those that wait.
    fn hasten(self: &Arc<Self>, waiting: Vec<Ticket>) {
        if waiting.is_empty() {
            return;
        }
        {
            let mut dispatch = self.dispatch.lock();
            for ticket in waiting {
                dispatch.hasten(ticket);
            }
        }
        self.start_ready();
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
        self.calls.hasten(waiting);
    }
}

use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::attempts::Tokens;
use super::enqueue::{Enqueuer, LateReplies};
use super::gather::Gathers;
use super::open_calls::OpenCalls;
use super::route::Routes;
use super::streams::Streams;
use super::waiting::WaitingCalls;
use crate::Error;
use crate::call::{Body, CallContext, Deadline, RequestParts, Status};
use crate::descriptor::ServiceDescriptor;
use crate::outside;
use crate::transport::Producer;

pub(super) struct CallerSettings {
    pub(super) default_timeout: Duration,
    pub(super) message_limit: usize,
    pub(super) tokens: Tokens,
}

/// What the calls of a channel share.
pub(super) struct Caller {
    producer: Arc<dyn Producer>,
    routes: Arc<Routes>,
    open: OpenCalls,
    enqueuer: Enqueuer,
    late: LateReplies,
    settings: CallerSettings,
    tasks: [AbortHandle; 3],
}

impl Caller {
    pub(super) fn new(
        producer: Arc<dyn Producer>,
        routes: Routes,
        open: OpenCalls,
        enqueuer: Enqueuer,
        late: LateReplies,
        settings: CallerSettings,
    ) -> Self {
        let routes = Arc::new(routes);
        let expiry = outside::spawn(Arc::clone(&open.waiting).expire());
        let refreshed = Arc::clone(&routes);
        let refresh = outside::spawn(async move { refreshed.refresh().await });
        let keep = outside::spawn(Arc::clone(&open.streams).keep());
        Self {
            producer,
            routes,
            open,
            enqueuer,
            late,
            settings,
            tasks: [expiry, refresh, keep].map(|task| task.abort_handle()),
        }
    }

    pub(super) fn producer(&self) -> &Arc<dyn Producer> {
        &self.producer
    }

    /// What is left of the budget for calls that are repeated.
    pub(super) fn tokens(&self) -> &Tokens {
        &self.settings.tokens
    }

    pub(super) fn streams(&self) -> &Arc<Streams> {
        &self.open.streams
    }

    pub(super) fn gathers(&self) -> &Arc<Gathers> {
        &self.open.gathers
    }

    pub(super) fn enqueuer(&self) -> &Enqueuer {
        &self.enqueuer
    }

    /// The replies to calls that were left with Kafka.
    pub(super) fn late(&self) -> &LateReplies {
        &self.late
    }

    pub(super) fn message_limit(&self) -> usize {
        self.settings.message_limit
    }

    pub(super) async fn prepare(&self, service: &'static ServiceDescriptor) -> Result<(), Error> {
        self.routes.prepare(service).await
    }

    pub(super) fn routes(&self) -> &Arc<Routes> {
        &self.routes
    }

    pub(super) fn waiting(&self) -> &WaitingCalls {
        &self.open.waiting
    }

    /// When a call has to be over: by its own timeout, and by the deadline of the handler around it.
    pub(super) fn deadline(&self, parts: &RequestParts, now: Instant) -> Deadline {
        let timeout = parts.timeout.unwrap_or(self.settings.default_timeout);
        let own = Deadline::after_instant(now, timeout);
        match CallContext::current().and_then(|surrounding| surrounding.deadline) {
            Some(surrounding) => own.earlier(surrounding),
            None => own,
        }
    }

    pub(super) fn check_size(&self, body: &Body) -> Result<(), Status> {
        if body.len() <= self.settings.message_limit {
            return Ok(());
        }
        Err(Status::resource_exhausted(format!(
            "the request has {} bytes; the channel sends at most {}",
            body.len(),
            self.settings.message_limit
        )))
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use metrics::{Counter, Gauge, Histogram};

use super::by_code::DurationByCode;
use super::catalogue::{
    ACTIVE_HANDLERS, EXPIRED_REQUESTS, HANDLER_DURATION, QUEUE_DURATION, RPC_METHOD,
    SERVER_CANCELLED, SERVER_DURATION,
};
use super::per_method::PerMethod;
use crate::call::Code;
use crate::descriptor::Method;
use crate::telemetry::outcome::Side;

static METHODS: LazyLock<PerMethod<ServerMetrics>> = LazyLock::new(PerMethod::default);

/// The metrics of a method at the side that handles it.
#[derive(Debug)]
pub(crate) struct ServerMetrics {
    duration: DurationByCode,
    queue: Histogram,
    handler: Histogram,
    active: Gauge,
    cancelled: Counter,
    expired: Counter,
}

impl ServerMetrics {
    /// The metrics of a method. They go to the recorder that is installed when they are first asked
    /// for; afterwards this allocates nothing.
    pub(crate) fn of(method: Method) -> &'static Self {
        METHODS.get_or_make(method, |path| Self {
            duration: DurationByCode::new(SERVER_DURATION, Side::Server, path),
            queue: metrics::histogram!(QUEUE_DURATION, RPC_METHOD => path),
            handler: metrics::histogram!(HANDLER_DURATION, RPC_METHOD => path),
            active: metrics::gauge!(ACTIVE_HANDLERS, RPC_METHOD => path),
            cancelled: metrics::counter!(SERVER_CANCELLED, RPC_METHOD => path),
            expired: metrics::counter!(EXPIRED_REQUESTS, RPC_METHOD => path),
        })
    }

    /// A handler starts now, so long after its request arrived.
    pub(crate) fn start(&'static self, now: Instant, queued: Duration) -> RunningHandler {
        self.queue.record(queued);
        self.active.increment(1);
        RunningHandler {
            metrics: self,
            started: now,
            ended: None,
        }
    }

    /// A call ends with a code, whether a handler ran or not, so long after its request arrived.
    pub(crate) fn end(&self, code: Code, since_arrival: Duration) {
        self.duration.record(code, since_arrival);
    }

    /// A cancel arrived for a call that waits or runs.
    pub(crate) fn cancelled(&self) {
        self.cancelled.increment(1);
    }

    /// A request is not handled since its deadline has passed.
    pub(crate) fn expired(&self) {
        self.expired.increment(1);
    }
}

/// A handler that runs. To drop it ends that, however the handler ended.
#[must_use = "a handler runs until this is dropped"]
pub(crate) struct RunningHandler {
    metrics: &'static ServerMetrics,
    started: Instant,
    ended: Option<Instant>,
}

impl RunningHandler {
    /// It ended at this instant.
    pub(crate) fn end(mut self, now: Instant) {
        self.ended = Some(now);
    }
}

impl Drop for RunningHandler {
    fn drop(&mut self) {
        let ended = self.ended.unwrap_or_else(Instant::now);
        self.metrics.active.decrement(1);
        self.metrics
            .handler
            .record(ended.saturating_duration_since(self.started));
    }
}

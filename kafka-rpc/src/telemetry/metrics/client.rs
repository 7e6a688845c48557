use std::sync::LazyLock;
use std::time::Instant;

use metrics::{Counter, Gauge};

use super::by_code::DurationByCode;
use super::catalogue::{CLIENT_CANCELLED, CLIENT_DURATION, PENDING_CALLS, RPC_METHOD};
use super::per_method::PerMethod;
use crate::call::Code;
use crate::descriptor::Method;
use crate::telemetry::outcome::Side;

static METHODS: LazyLock<PerMethod<ClientMetrics>> = LazyLock::new(PerMethod::default);

/// The metrics of a method at the side that calls it.
pub(crate) struct ClientMetrics {
    duration: DurationByCode,
    pending: Gauge,
    cancelled: Counter,
}

impl ClientMetrics {
    /// The metrics of a method. They go to the recorder that is installed when they are first asked
    /// for; afterwards this allocates nothing.
    pub(crate) fn of(method: Method) -> &'static Self {
        METHODS.get_or_make(method, |path| Self {
            duration: DurationByCode::new(CLIENT_DURATION, Side::Client, path),
            pending: metrics::gauge!(PENDING_CALLS, RPC_METHOD => path),
            cancelled: metrics::counter!(CLIENT_CANCELLED, RPC_METHOD => path),
        })
    }

    /// A call begins.
    pub(crate) fn begin(&'static self, now: Instant) -> PendingCall {
        self.pending.increment(1);
        PendingCall {
            metrics: self,
            started: now,
            outcome: None,
        }
    }
}

/// A call that has no outcome yet. To drop it counts the call as cancelled by its caller.
#[must_use = "a call that is dropped is counted as cancelled"]
pub(crate) struct PendingCall {
    metrics: &'static ClientMetrics,
    started: Instant,
    outcome: Option<Code>,
}

impl PendingCall {
    /// The call ends with a code.
    pub(crate) fn end(mut self, code: Code) {
        self.outcome = Some(code);
    }
}

impl Drop for PendingCall {
    fn drop(&mut self) {
        self.metrics.pending.decrement(1);
        let code = self.outcome.unwrap_or_else(|| {
            self.metrics.cancelled.increment(1);
            Code::Cancelled
        });
        self.metrics.duration.record(code, self.started.elapsed());
    }
}

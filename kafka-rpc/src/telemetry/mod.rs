//! What can be seen of calls from outside: spans, traces and metrics.

mod metrics;
#[cfg(feature = "opentelemetry")]
mod open_telemetry;
mod outcome;
mod propagation;
mod spans;
mod trace_context;
mod trace_headers;

pub use metrics::describe_metrics;
pub(crate) use metrics::{
    ClientMetrics, PartitionLag, PendingCall, Refused, RunningHandler, ServerMetrics,
    commit_failed, orphaned_replies, refused_request, repeated_record,
};
pub(crate) use outcome::Side;
pub(crate) use propagation::{incoming, outgoing, reply};
pub(crate) use spans::{client_span, record_correlation_id, record_outcome, record_topic, server_span};
pub(crate) use trace_context::TraceContext;

/// The value of `rpc.system.name` on spans and metrics.
const SYSTEM: &str = "kafka_rpc";

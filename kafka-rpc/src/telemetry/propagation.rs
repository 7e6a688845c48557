use tracing::Span;

use super::spans::{record_parent, record_place};
use super::trace_context::TraceContext;
use super::trace_headers::{TRACEPARENT, read, write, write_place};
use crate::call::{CallContext, Metadata};

/// Puts the place of a call in its trace into the request's metadata, unless the caller set one.
///
/// It is the place of the call's span; where nobody records the span, that of the handler which
/// makes the call, if one does.
pub(crate) fn outgoing(metadata: &mut Metadata, span: &Span) {
    if metadata.contains_key(TRACEPARENT) {
        return;
    }
    let handler = CallContext::current().and_then(|context| context.trace);
    let Some(own) = place(span, handler.as_ref()) else {
        return;
    };
    #[cfg(feature = "opentelemetry")]
    super::open_telemetry::inject(metadata, span);
    write(metadata, &own);
}

/// Reads the place that a request's caller has in its trace, and gives that of the call's span
/// below it: what the calls of the handler inherit, and what its reply tells.
///
/// To be called before the span is entered. Where nobody records the span it is the caller's place;
/// `None` if there is none either.
pub(crate) fn incoming(metadata: &Metadata, span: &Span) -> Option<TraceContext> {
    let caller = read(metadata);
    if let Some(caller) = &caller {
        record_parent(span, caller);
    }
    #[cfg(feature = "opentelemetry")]
    super::open_telemetry::adopt(metadata, caller.as_ref(), span);
    place(span, caller.as_ref())
}

/// Puts the place of a handled call in its trace into the reply's metadata, unless the handler set
/// one.
pub(crate) fn reply(metadata: &mut Metadata, trace: Option<&TraceContext>) {
    if let Some(trace) = trace
        && !metadata.contains_key(TRACEPARENT)
    {
        write_place(metadata, trace);
    }
}

/// The place of a span: the one that it has already where OpenTelemetry keeps it, else a new one
/// below `above`.
fn place(span: &Span, above: Option<&TraceContext>) -> Option<TraceContext> {
    if span.is_disabled() {
        return above.cloned();
    }
    #[cfg(feature = "opentelemetry")]
    if let Some(own) = super::open_telemetry::place(span, above) {
        record_place(span, &own);
        return Some(own);
    }
    let own = above.map_or_else(TraceContext::root, TraceContext::child);
    record_place(span, &own);
    Some(own)
}

#[cfg(test)]
mod tests;

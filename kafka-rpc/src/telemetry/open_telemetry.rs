//! The places of spans in OpenTelemetry's traces.

use opentelemetry::propagation::{Extractor, Injector};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use opentelemetry::{Context, global};
use tracing::Span;
use tracing_opentelemetry::{OpenTelemetrySpanExt, SetParentError};

use super::trace_context::TraceContext;
use crate::call::{Metadata, MetadataValue};

/// Makes a span a child of its caller's.
///
/// The caller's place is what the process's propagator finds, else what W3C's headers say.
pub(super) fn adopt(metadata: &Metadata, caller: Option<&TraceContext>, span: &Span) {
    if span.is_disabled() {
        return;
    }
    let found = global::get_text_map_propagator(|propagator| {
        propagator.extract_with_context(&Context::new(), &Carrier(metadata))
    });
    if let Err(SetParentError::AlreadyStarted) = span.set_parent(parent(found, caller)) {
        tracing::warn!("a call's span was entered before its caller's trace was read");
    }
}

/// What the propagator found, and the caller's place where it found none.
fn parent(found: Context, caller: Option<&TraceContext>) -> Context {
    match caller {
        Some(caller) if !found.span().span_context().is_valid() => {
            found.with_remote_span_context(remote(caller))
        }
        _ => found,
    }
}

/// The place of a span. `None` if the span is not in OpenTelemetry's hands.
pub(super) fn place(span: &Span, above: Option<&TraceContext>) -> Option<TraceContext> {
    let context = span.context();
    let span = context.span();
    let own = span.span_context();
    let place = TraceContext::new(
        own.trace_id().to_bytes(),
        own.span_id().to_bytes(),
        own.trace_flags().to_u8(),
    )?;
    let state = MetadataValue::try_from(own.trace_state().header()).ok();
    Some(TraceContext {
        tracestate: state.filter(|state| !state.is_empty()),
        baggage: above.and_then(|above| above.baggage.clone()),
        ..place
    })
}

/// Puts into the metadata what the process's propagator has to tell of a span.
pub(super) fn inject(metadata: &mut Metadata, span: &Span) {
    global::get_text_map_propagator(|propagator| {
        propagator.inject_context(&span.context(), &mut CarrierMut(metadata));
    });
}

fn remote(caller: &TraceContext) -> SpanContext {
    let state = caller
        .tracestate
        .as_ref()
        .and_then(|state| state.to_str().ok()?.parse::<TraceState>().ok());
    SpanContext::new(
        TraceId::from_bytes(caller.trace_id),
        SpanId::from_bytes(caller.span_id),
        TraceFlags::new(caller.flags),
        true,
        state.unwrap_or_default(),
    )
}

struct Carrier<'a>(&'a Metadata);

impl Extractor for Carrier<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|(key, _)| key.as_str()).collect()
    }
}

/// Leaves what the caller set as it is.
struct CarrierMut<'a>(&'a mut Metadata);

impl Injector for CarrierMut<'_> {
    fn set(&mut self, key: &str, value: String) {
        if self.0.contains_key(key) || value.is_empty() {
            return;
        }
        let outcome = MetadataValue::try_from(value).and_then(|value| self.0.insert(key, value));
        if let Err(error) = outcome {
            tracing::warn!(%error, "can't pass the trace on");
        }
    }
}

#[cfg(test)]
mod tests;

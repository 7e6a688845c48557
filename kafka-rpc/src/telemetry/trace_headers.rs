use super::trace_context::TraceContext;
use crate::call::{Metadata, MetadataValue};

pub(super) const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";
const BAGGAGE: &str = "baggage";

/// The most bytes of `tracestate` that are passed on.
const TRACESTATE_LIMIT: usize = 512;
/// The most bytes of `baggage` that are passed on.
const BAGGAGE_LIMIT: usize = 8192;

/// Reads the place in a trace that metadata tells.
///
/// There is none unless there is exactly one `traceparent`, and it is valid.
pub(super) fn read(metadata: &Metadata) -> Option<TraceContext> {
    let mut parents = metadata.get_all(TRACEPARENT);
    let (Some(parent), None) = (parents.next(), parents.next()) else {
        return None;
    };
    let place = TraceContext::parse(parent.to_str().ok()?)?;
    Some(TraceContext {
        tracestate: list(metadata, TRACESTATE, TRACESTATE_LIMIT),
        baggage: list(metadata, BAGGAGE, BAGGAGE_LIMIT),
        ..place
    })
}

/// Writes a place and its lists, but for those that the metadata has already.
pub(super) fn write(metadata: &mut Metadata, trace: &TraceContext) {
    write_place(metadata, trace);
    put(metadata, BAGGAGE, trace.baggage.clone());
}

/// Writes a place without its baggage.
pub(super) fn write_place(metadata: &mut Metadata, trace: &TraceContext) {
    put(metadata, TRACEPARENT, Some(trace.traceparent()));
    put(metadata, TRACESTATE, trace.tracestate.clone());
}

fn put(metadata: &mut Metadata, name: &str, value: Option<MetadataValue>) {
    if let Some(value) = value
        && !metadata.contains_key(name)
        && let Err(error) = metadata.insert(name, value)
    {
        tracing::warn!(%error, "can't pass the trace on");
    }
}

/// All values of a name as one list, cut after the last member that is within the limit.
fn list(metadata: &Metadata, name: &str, limit: usize) -> Option<MetadataValue> {
    let mut values = metadata.get_all(name);
    let first = values.next()?;
    let mut rest = values.peekable();
    if rest.peek().is_none() && first.len() <= limit {
        return Some(first.clone());
    }
    let mut joined = first.as_bytes().to_vec();
    for value in rest {
        joined.push(b',');
        joined.extend_from_slice(value.as_bytes());
    }
    let kept = within(&joined, limit);
    (!kept.is_empty()).then(|| MetadataValue::from_bytes(kept))
}

fn within(list: &[u8], limit: usize) -> &[u8] {
    if list.len() <= limit {
        return list;
    }
    let end = list[..=limit].iter().rposition(|&byte| byte == b',');
    &list[..end.unwrap_or(0)]
}

#[cfg(test)]
mod tests;

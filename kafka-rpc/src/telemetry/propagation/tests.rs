use super::*;
use crate::telemetry::recording::{Seen, recorded};

const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn from_caller() -> Metadata {
    let mut metadata = Metadata::new();
    for (name, value) in [
        (TRACEPARENT, CALLER),
        ("tracestate", "congo=t61rcWkgMzE"),
        ("baggage", "tenant=north"),
    ] {
        metadata.insert(name, value.parse().unwrap()).unwrap();
    }
    metadata
}

fn span() -> Span {
    tracing::info_span!(
        "call",
        trace_id = tracing::field::Empty,
        span_id = tracing::field::Empty,
        parent_span_id = tracing::field::Empty,
    )
}

/// What a call sends that is made by a handler with this place.
fn sent_within(trace: Option<TraceContext>, span: &Span) -> Metadata {
    let context = CallContext {
        deadline: None,
        trace,
    };
    let mut metadata = Metadata::new();
    let call = context.scope(async { outgoing(&mut metadata, span) });
    futures_util::FutureExt::now_or_never(call).unwrap();
    metadata
}

fn sent_alone(span: &Span) -> Metadata {
    let mut metadata = Metadata::new();
    outgoing(&mut metadata, span);
    metadata
}

fn place_in(metadata: &Metadata) -> TraceContext {
    read(metadata).unwrap_or_else(|| panic!("no place in {metadata:?}"))
}

/// The place that a span's fields tell.
fn told(seen: &Seen) -> String {
    let field = |name| {
        seen.field(name)
            .unwrap_or_else(|| panic!("no {name} in {seen:?}"))
    };
    format!("00-{}-{}-01", field("trace_id"), field("span_id"))
}

#[test]
fn a_call_of_nobodys_that_nobody_records_has_no_trace() {
    assert!(sent_alone(&Span::none()).is_empty());
    assert!(sent_within(None, &Span::none()).is_empty());
    assert_eq!(incoming(&Metadata::new(), &Span::none()), None);
}

#[test]
fn a_recorded_call_of_nobodys_begins_a_trace_and_its_span_tells_which() {
    let (metadata, seen) = recorded(|spans| (sent_alone(&span()), spans.only()));
    assert_eq!(metadata.get(TRACEPARENT).unwrap(), told(&seen).as_str());
    assert_eq!(metadata.len(), 1);
}

#[test]
fn a_trace_that_the_caller_sets_itself_is_sent_as_it_is() {
    recorded(|_| {
        let mut metadata = Metadata::new();
        metadata
            .insert(TRACEPARENT, "mine".parse().unwrap())
            .unwrap();
        let expected = metadata.clone();
        outgoing(&mut metadata, &span());
        assert_eq!(metadata, expected);
    });
}

#[test]
fn a_handled_call_is_a_place_below_its_callers() {
    let (own, seen) = recorded(|spans| {
        let own = incoming(&from_caller(), &span()).unwrap();
        (own, spans.only())
    });
    let caller = place_in(&from_caller());
    assert_eq!(own.trace_id, caller.trace_id);
    assert_ne!(own.span_id, caller.span_id);
    assert_eq!(own.traceparent(), told(&seen).as_str());
    assert_eq!(seen.field("parent_span_id"), Some("b7ad6b7169203331"));
}

#[test]
fn a_handled_call_without_a_caller_begins_a_trace() {
    let (own, seen) =
        recorded(|spans| (incoming(&Metadata::new(), &span()).unwrap(), spans.only()));
    assert_eq!(own.traceparent(), told(&seen).as_str());
    assert_eq!(seen.field("parent_span_id"), None);
}

#[test]
fn a_trace_goes_through_a_handler_that_nobody_records_unchanged() {
    let caller = incoming(&from_caller(), &Span::none());
    assert_eq!(sent_within(caller, &Span::none()), from_caller());
}

#[test]
fn a_recorded_call_of_a_handler_is_a_place_below_the_handlers() {
    let (handler, sent, seen) = recorded(|spans| {
        let handler = incoming(&from_caller(), &Span::none()).unwrap();
        let sent = sent_within(Some(handler.clone()), &span());
        (handler, sent, spans.only())
    });
    let place = place_in(&sent);
    assert_eq!(place.trace_id, handler.trace_id);
    assert_ne!(place.span_id, handler.span_id);
    assert_eq!(place.traceparent(), told(&seen).as_str());
    assert_eq!(
        (place.tracestate, place.baggage),
        (handler.tracestate, handler.baggage)
    );
}

#[test]
fn a_reply_tells_the_handlers_place_and_sends_no_baggage_back() {
    let place = place_in(&from_caller());
    let mut metadata = Metadata::new();
    reply(&mut metadata, Some(&place));
    assert_eq!(metadata.get(TRACEPARENT).unwrap(), CALLER);
    assert_eq!(metadata.get("tracestate").unwrap(), "congo=t61rcWkgMzE");
    assert_eq!(metadata.len(), 2);
}

#[test]
fn a_reply_keeps_the_trace_that_the_handler_set() {
    let mut metadata = Metadata::new();
    metadata
        .insert(TRACEPARENT, "mine".parse().unwrap())
        .unwrap();
    let expected = metadata.clone();
    reply(&mut metadata, Some(&place_in(&from_caller())));
    assert_eq!(metadata, expected);

    let mut metadata = Metadata::new();
    reply(&mut metadata, None);
    assert!(metadata.is_empty());
}

use std::sync::Arc;

use opentelemetry::trace::{SpanKind, Status as SpanStatus, TracerProvider};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::BaggagePropagator;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use parking_lot::Mutex;
use tracing_subscriber::layer::SubscriberExt;

use super::*;
use crate::call::{CallContext, Code};
use crate::descriptor::{Method, MethodDescriptor, ServiceDescriptor};
use crate::telemetry::{Side, client_span, incoming, outgoing, record_outcome, server_span};

static ORDERS: ServiceDescriptor = ServiceDescriptor::new(
    "shop.v1.Orders",
    &[MethodDescriptor::new(
        "PlaceOrder",
        "shop.v1.Orders/PlaceOrder",
    )],
);
const METHOD: Method = Method::new(&ORDERS, 0).unwrap();

#[derive(Debug, Clone, Default)]
struct Exported(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Exported {
    fn export(&self, batch: Vec<SpanData>) -> impl Future<Output = OTelSdkResult> + Send {
        self.0.lock().extend(batch);
        std::future::ready(Ok(()))
    }
}

/// The spans that OpenTelemetry is handed while something runs, in the order in which they end.
fn exported(run: impl FnOnce()) -> Vec<SpanData> {
    let exported = Exported::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exported.clone())
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), run);
    std::mem::take(&mut exported.0.lock())
}

fn metadata(entries: &[(&str, &str)]) -> Metadata {
    let mut metadata = Metadata::new();
    for (name, value) in entries {
        metadata.insert(*name, value.parse().unwrap()).unwrap();
    }
    metadata
}

#[test]
fn a_call_from_one_process_to_another_is_one_trace() {
    let spans = exported(|| {
        let mut sent = Metadata::new();
        let client = client_span(METHOD);
        outgoing(&mut sent, &client);
        let server = server_span(METHOD, "requests", 0, 7);
        let trace = incoming(&sent, &server);
        let context = CallContext {
            deadline: None,
            trace,
        };
        let nested = server.in_scope(|| client_span(METHOD));
        let mut sent_on = Metadata::new();
        let call = context.scope(async { outgoing(&mut sent_on, &nested) });
        futures_util::FutureExt::now_or_never(call).unwrap();
        assert_ne!(sent.get("traceparent"), sent_on.get("traceparent"));
        record_outcome(&nested, Side::Client, Code::NotFound, "no such order");
    });
    let [nested, server, client] = &*spans else {
        panic!("{spans:?}");
    };
    assert_eq!(client.span_kind, SpanKind::Client);
    assert_eq!(client.name, "shop.v1.Orders/PlaceOrder");
    assert_eq!(server.span_kind, SpanKind::Server);
    for span in [server, nested] {
        assert_eq!(span.span_context.trace_id(), client.span_context.trace_id());
    }
    assert_eq!(server.parent_span_id, client.span_context.span_id());
    assert!(server.parent_span_is_remote);
    assert_eq!(nested.parent_span_id, server.span_context.span_id());
    assert_eq!(nested.status, SpanStatus::error("no such order"));
}

#[test]
fn a_callers_trace_is_taken_over_without_a_propagator() {
    let request = metadata(&[
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
        ("tracestate", "congo=t61rcWkgMzE"),
        ("baggage", "tenant=north"),
    ]);
    let mut own = None;
    let spans = exported(|| own = incoming(&request, &server_span(METHOD, "requests", 0, 7)));
    let (own, span) = (own.unwrap(), &spans[0]);
    assert_eq!(span.parent_span_id.to_string(), "b7ad6b7169203331");
    assert_eq!(own.span_id, span.span_context.span_id().to_bytes());
    assert_eq!(own.trace_id, span.span_context.trace_id().to_bytes());
    assert_eq!(own.tracestate.unwrap(), "congo=t61rcWkgMzE");
    assert_eq!(own.baggage.unwrap(), "tenant=north");
}

#[test]
fn a_caller_that_is_not_sampled_is_not_sampled_here() {
    let request = metadata(&[(
        "traceparent",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
    )]);
    let mut own = None;
    let spans = exported(|| own = incoming(&request, &server_span(METHOD, "requests", 0, 7)));
    assert_eq!(own.unwrap().flags, 0);
    assert!(spans.is_empty(), "{spans:?}");
}

#[test]
fn a_request_without_a_trace_begins_one() {
    let spans = exported(|| {
        incoming(&Metadata::new(), &server_span(METHOD, "requests", 0, 7));
    });
    assert_eq!(spans[0].parent_span_id, SpanId::INVALID);
}

#[test]
fn spans_that_opentelemetry_does_not_keep_have_places_all_the_same() {
    let request = metadata(&[(
        "traceparent",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )]);
    let subscriber = tracing_subscriber::registry();
    let own = tracing::subscriber::with_default(subscriber, || {
        incoming(&request, &server_span(METHOD, "requests", 0, 7)).unwrap()
    });
    assert_eq!(own.trace_id[0], 0x0a);
    assert_ne!(own.span_id[0..2], [0xb7, 0xad]);
}

#[test]
fn what_a_propagator_finds_goes_before_the_headers_and_its_baggage_stays() {
    use opentelemetry::KeyValue;
    use opentelemetry::baggage::BaggageExt;

    let (b3, w3c) = (TraceContext::root(), TraceContext::root());
    let trace_id = |context: &Context| context.span().span_context().trace_id().to_bytes();

    let found = Context::new().with_remote_span_context(remote(&b3));
    assert_eq!(trace_id(&parent(found.clone(), Some(&w3c))), b3.trace_id);
    assert_eq!(trace_id(&parent(found, None)), b3.trace_id);

    let found = Context::new().with_baggage([KeyValue::new("tenant", "north")]);
    let parent = parent(found, Some(&w3c));
    assert_eq!(trace_id(&parent), w3c.trace_id);
    assert_eq!(parent.baggage().len(), 1);
}

#[test]
fn what_a_propagator_sends_does_not_replace_what_the_caller_set() {
    use opentelemetry::KeyValue;
    use opentelemetry::baggage::BaggageExt;
    use opentelemetry::propagation::TextMapPropagator;

    let context = Context::new().with_baggage([KeyValue::new("tenant", "south")]);
    let mut empty = Metadata::new();
    BaggagePropagator::new().inject_context(&context, &mut CarrierMut(&mut empty));
    assert_eq!(empty.get("baggage").unwrap(), "tenant=south");

    let mut set = metadata(&[("baggage", "tenant=north")]);
    BaggagePropagator::new().inject_context(&context, &mut CarrierMut(&mut set));
    assert_eq!(set, metadata(&[("baggage", "tenant=north")]));
}

#[test]
fn a_propagator_reads_metadata() {
    let metadata = metadata(&[("traceparent", "x"), ("data", "1")]);
    let carrier = Carrier(&metadata);
    assert_eq!(carrier.get("Traceparent"), Some("x"));
    assert_eq!(carrier.keys(), ["traceparent", "data"]);
}

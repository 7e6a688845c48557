use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;

use super::*;
use crate::descriptor::{MethodDescriptor, ServiceDescriptor};
use crate::telemetry::recording::{Seen, recorded};

static ORDERS: ServiceDescriptor = ServiceDescriptor::new(
    "shop.v1.Orders",
    &[MethodDescriptor::new(
        "PlaceOrder",
        "shop.v1.Orders/PlaceOrder",
    )],
);
const METHOD: Method = Method::new(&ORDERS, 0).unwrap();

fn assert_fields(seen: &Seen, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        assert_eq!(seen.field(name), Some(*value), "{name} of {seen:?}");
    }
    assert_eq!(seen.fields.len(), expected.len(), "{seen:?}");
}

#[test]
fn a_clients_span_says_what_is_called_and_where() {
    let seen = recorded(|spans| {
        let span = client_span(METHOD);
        record_topic(&span, "shop.v1.Orders.PlaceOrder");
        spans.only()
    });
    assert_eq!(
        (seen.target, seen.level),
        ("kafka_rpc::client", Level::INFO)
    );
    assert_fields(
        &seen,
        &[
            ("otel.name", "shop.v1.Orders/PlaceOrder"),
            ("otel.kind", "client"),
            ("rpc.system.name", "kafka_rpc"),
            ("rpc.method", "shop.v1.Orders/PlaceOrder"),
            ("messaging.system", "kafka"),
            ("messaging.operation.name", "send"),
            ("messaging.operation.type", "send"),
            ("messaging.destination.name", "shop.v1.Orders.PlaceOrder"),
        ],
    );
}

#[test]
fn a_servers_span_says_where_the_request_was_read() {
    let seen = recorded(|spans| {
        let _span = server_span(METHOD, "shop.v1.Orders.PlaceOrder", 3, 42);
        spans.only()
    });
    assert_eq!(
        (seen.target, seen.level),
        ("kafka_rpc::server", Level::INFO)
    );
    assert_fields(
        &seen,
        &[
            ("otel.name", "shop.v1.Orders/PlaceOrder"),
            ("otel.kind", "server"),
            ("rpc.system.name", "kafka_rpc"),
            ("rpc.method", "shop.v1.Orders/PlaceOrder"),
            ("messaging.system", "kafka"),
            ("messaging.operation.name", "process"),
            ("messaging.operation.type", "process"),
            ("messaging.destination.name", "shop.v1.Orders.PlaceOrder"),
            ("messaging.destination.partition.id", "3"),
            ("messaging.kafka.offset", "42"),
        ],
    );
}

#[test]
fn the_correlation_id_is_put_on_either_span() {
    let id = CorrelationId::new(b"order-7").unwrap();
    let seen = recorded(|spans| {
        record_correlation_id(&client_span(METHOD), &id);
        record_correlation_id(&server_span(METHOD, "t", 0, 0), &id);
        spans.all()
    });
    for span in seen {
        assert_eq!(
            span.field("messaging.message.conversation_id"),
            Some("order-7")
        );
    }
}

/// The fields of both sides' spans after a call that ended with a code.
fn ended(code: Code) -> [Seen; 2] {
    let all = recorded(|spans| {
        record_outcome(&client_span(METHOD), Side::Client, code, "why");
        record_outcome(&server_span(METHOD, "t", 0, 0), Side::Server, code, "why");
        spans.all()
    });
    all.try_into().unwrap()
}

#[test]
fn a_call_that_ends_well_has_its_code_and_no_error() {
    for seen in ended(Code::Ok) {
        assert_eq!(seen.field("rpc.status_code"), Some("OK"));
        assert_eq!(seen.field("error.type"), None);
        assert_eq!(seen.field("otel.status_code"), None);
    }
}

#[test]
fn a_failure_is_an_error_with_its_message_on_both_sides() {
    for seen in ended(Code::Unavailable) {
        assert_eq!(seen.field("rpc.status_code"), Some("UNAVAILABLE"));
        assert_eq!(seen.field("error.type"), Some("UNAVAILABLE"));
        assert_eq!(seen.field("otel.status_code"), Some("ERROR"));
        assert_eq!(seen.field("otel.status_description"), Some("why"));
    }
}

#[test]
fn a_callers_own_mistake_is_no_error_of_the_server() {
    let [client, server] = ended(Code::NotFound);
    assert_eq!(client.field("error.type"), Some("NOT_FOUND"));
    assert_eq!(server.field("error.type"), None);
    assert_eq!(server.field("otel.status_code"), None);
    assert_eq!(server.field("rpc.status_code"), Some("NOT_FOUND"));
}

#[test]
fn a_servers_span_is_in_no_other() {
    let (within, outside) = recorded(|_| {
        let around = tracing::info_span!("around");
        let _entered = around.enter();
        let parent = |span: &Span| {
            span.with_subscriber(|(id, subscriber)| {
                use tracing_subscriber::registry::LookupSpan;
                let registry = subscriber
                    .downcast_ref::<tracing_subscriber::Registry>()
                    .unwrap();
                registry.span_data(id).map(|data| {
                    use tracing_subscriber::registry::SpanData;
                    data.parent().is_some()
                })
            })
        };
        (
            parent(&client_span(METHOD)),
            parent(&server_span(METHOD, "t", 0, 0)),
        )
    });
    assert_eq!((within, outside), (Some(Some(true)), Some(Some(false))));
}

#[test]
fn spans_that_nobody_records_are_disabled() {
    let quiet = tracing_subscriber::registry().with(LevelFilter::WARN);
    tracing::subscriber::with_default(quiet, || {
        assert!(client_span(METHOD).is_disabled());
        assert!(server_span(METHOD, "t", 0, 0).is_disabled());
    });
}

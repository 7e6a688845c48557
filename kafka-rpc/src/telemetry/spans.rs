use tracing::Span;
use tracing::field::{Empty, display};

use super::SYSTEM;
use super::outcome::{Side, code_name};
use super::trace_context::{Hex, TraceContext};
use crate::call::Code;
use crate::descriptor::Method;
use crate::wire::CorrelationId;

/// The span of a call that is made: from the start of the call to its outcome.
pub(crate) fn client_span(method: Method) -> Span {
    tracing::info_span!(
        target: "kafka_rpc::client",
        "call",
        otel.name = method.descriptor().path,
        otel.kind = "client",
        rpc.system.name = SYSTEM,
        rpc.method = method.descriptor().path,
        messaging.system = "kafka",
        messaging.operation.name = "send",
        messaging.operation.type = "send",
        messaging.destination.name = Empty,
        messaging.message.conversation_id = Empty,
        rpc.status_code = Empty,
        error.type = Empty,
        otel.status_code = Empty,
        otel.status_description = Empty,
        trace_id = Empty,
        span_id = Empty,
    )
}

/// The span of a call that is handled: from the arrival of the request's record to the reply. It is
/// in no other span of this process.
pub(crate) fn server_span(method: Method, topic: &str, partition: i32, offset: i64) -> Span {
    tracing::info_span!(
        target: "kafka_rpc::server",
        parent: None,
        "handle",
        otel.name = method.descriptor().path,
        otel.kind = "server",
        rpc.system.name = SYSTEM,
        rpc.method = method.descriptor().path,
        messaging.system = "kafka",
        messaging.operation.name = "process",
        messaging.operation.type = "process",
        messaging.destination.name = topic,
        messaging.destination.partition.id = %partition,
        messaging.kafka.offset = offset,
        messaging.message.conversation_id = Empty,
        rpc.status_code = Empty,
        error.type = Empty,
        otel.status_code = Empty,
        otel.status_description = Empty,
        trace_id = Empty,
        span_id = Empty,
        parent_span_id = Empty,
    )
}

/// Puts the topic that a request is written to on its call's span.
pub(crate) fn record_topic(span: &Span, topic: &str) {
    span.record("messaging.destination.name", topic);
}

/// Puts the call's id on its span.
pub(crate) fn record_correlation_id(span: &Span, id: &CorrelationId) {
    span.record("messaging.message.conversation_id", display(id));
}

/// Puts the outcome of a call on its span. The message is the status's.
pub(crate) fn record_outcome(span: &Span, side: Side, code: Code, message: &str) {
    span.record("rpc.status_code", code_name(code));
    if side.failed(code) {
        span.record("error.type", code_name(code));
        span.record("otel.status_code", "ERROR");
        span.record("otel.status_description", message);
    }
}

/// Puts the span's place in its trace on it, so that log lines can be found by it.
pub(super) fn record_place(span: &Span, own: &TraceContext) {
    span.record("trace_id", display(Hex(&own.trace_id)));
    span.record("span_id", display(Hex(&own.span_id)));
}

/// Puts the caller's span on the span of its call.
pub(super) fn record_parent(span: &Span, caller: &TraceContext) {
    span.record("parent_span_id", display(Hex(&caller.span_id)));
}

#[cfg(test)]
mod tests;

//! What can be seen of calls from outside: their spans and traces, and metrics.
//!
//! Names follow OpenTelemetry's semantic conventions, those of version 1.45 for RPC and for
//! messaging; what has no name there begins with `kafka_rpc.`.
//!
//! # Spans
//! A call has a span at each side, by way of the `tracing` crate, at level `INFO`: target
//! `kafka_rpc::client` at the side that calls, `kafka_rpc::server` at the side that handles. A
//! handler runs within its call's span. Where nobody records them they cost next to nothing.
//!
//! | Field | On | Value |
//! |---|---|---|
//! | `rpc.system.name` | both | `kafka_rpc` |
//! | `rpc.method` | both | the method, such as `shop.v1.Orders/PlaceOrder` |
//! | `rpc.status_code` | both | how the call ended, such as `OK` or `NOT_FOUND` |
//! | `error.type` | both | the same, where it is an error. To a server, only `UNKNOWN`, `DEADLINE_EXCEEDED`, `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE` and `DATA_LOSS` are |
//! | `messaging.system` | both | `kafka` |
//! | `messaging.operation.name`, `messaging.operation.type` | both | `send`; `process` at the server |
//! | `messaging.destination.name` | both | the request topic |
//! | `messaging.destination.partition.id`, `messaging.kafka.offset` | server | where in the topic the request was read |
//! | `messaging.message.conversation_id` | both | the call's id, as the header `kafka_correlationId` has it |
//! | `trace_id`, `span_id` | both | the span's place in its trace, in hexadecimal |
//! | `parent_span_id` | server | the caller's span |
//! | `otel.name`, `otel.kind`, `otel.status_code`, `otel.status_description` | both | what `tracing-opentelemetry` reads |
//!
//! # Traces
//! Requests and replies carry W3C's `traceparent` and `tracestate`, and requests `baggage`: what a
//! caller sets in its metadata, else the place of the call's span. Calls that a handler makes belong
//! to the trace of the call that it handles, whether somebody records spans here or not.
//!
//! The crate's feature `opentelemetry` makes that one with OpenTelemetry: with a layer of
//! `tracing-opentelemetry` in the subscriber, the server's span becomes a child of the caller's, and
//! what the process's propagator (`opentelemetry::global::set_text_map_propagator`) wants to send
//! goes along. W3C's headers are sent and understood without one, too.
//!
//! # Metrics
//! They go to the recorder of the `metrics` crate that is installed when the first client or server
//! is made; one that is installed later misses metrics. [`describe_metrics`] tells the recorder what
//! they mean.
//!
//! | Metric | Kind | Unit | Labels | Meaning |
//! |---|---|---|---|---|
//! | `rpc.client.call.duration` | histogram | s | `rpc.system.name`, `rpc.method`, `rpc.status_code`, `error.type` | Time from the start of a call to its outcome |
//! | `kafka_rpc.client.pending_calls` | gauge | 1 | `rpc.method` | Calls that wait for their outcome |
//! | `kafka_rpc.client.cancelled_calls` | counter | 1 | `rpc.method` | Calls that their caller dropped before their outcome |
//! | `kafka_rpc.client.orphaned_replies` | counter | 1 | | Replies that no call waits for: late, repeated, or another client's |
//! | `kafka_rpc.client.lost_cancels` | counter | 1 | | Cancels that could not be written; the handler runs on |
//! | `kafka_rpc.client.retries` | counter | 1 | `rpc.method` | Attempts at calls whose last attempt had failed |
//! | `kafka_rpc.client.hedges` | counter | 1 | `rpc.method` | Attempts at calls that another attempt was under way for |
//! | `kafka_rpc.client.held_back_calls` | counter | 1 | `rpc.method` | Calls that the retry budget kept from another attempt |
//! | `kafka_rpc.client.resent_requests` | counter | 1 | | Requests that were written nowhere and are sent again |
//! | `kafka_rpc.inbox.errors` | counter | 1 | | Failed attempts to read replies |
//! | `kafka_rpc.inbox.unreadable` | counter | 1 | | Records of reply topics that could not be read and were stepped past |
//! | `rpc.server.call.duration` | histogram | s | `rpc.system.name`, `rpc.method`, `rpc.status_code`, `error.type` | Time from the arrival of a request to its reply |
//! | `kafka_rpc.server.queue.duration` | histogram | s | `rpc.method` | Time from the arrival of a request to the start of its handler |
//! | `kafka_rpc.server.handler.duration` | histogram | s | `rpc.method` | Time that a handler ran |
//! | `kafka_rpc.server.active_handlers` | gauge | 1 | `rpc.method` | Handlers that run |
//! | `kafka_rpc.server.cancelled_calls` | counter | 1 | `rpc.method` | Calls that their caller cancelled while they waited or ran |
//! | `kafka_rpc.server.expired_requests` | counter | 1 | `rpc.method` | Requests that were not handled since their deadline had passed |
//! | `kafka_rpc.server.refused_requests` | counter | 1 | `kafka_rpc.refusal.reason`, `kafka_rpc.refusal.answered` | Requests that never reached a handler, by the reason, and whether there was somebody to tell |
//! | `kafka_rpc.server.repeated_records` | counter | 1 | | Records that came again after they were finished, and were stepped past |
//! | `kafka_rpc.server.panics` | counter | 1 | | Handlers that panicked |
//! | `kafka_rpc.server.reply_retries` | counter | 1 | | Replies that could not be written and were sent again |
//! | `kafka_rpc.server.lost_replies` | counter | 1 | | Replies that could not be written at all |
//! | `kafka_rpc.server.redeliveries` | counter | 1 | | Failed calls that are handled again after a while |
//! | `kafka_rpc.server.deduplicated_calls` | counter | 1 | `rpc.method` | Calls that were answered with what is recorded of an earlier one |
//! | `kafka_rpc.server.deduplication_failures` | counter | 1 | `kafka_rpc.deduplication.step` | Failed attempts to find or to keep the record of a call, by which of them |
//! | `kafka_rpc.server.deduplication_evictions` | counter | 1 | | Records of calls that were dropped before their time for want of room |
//! | `kafka_rpc.server.dead_letters` | counter | 1 | `messaging.destination.name`, `kafka_rpc.dead_letter.cause` | Requests that became dead letters, by their topic and the cause |
//! | `kafka_rpc.server.dead_letter_retries` | counter | 1 | | Dead letters that could not be written and were sent again |
//! | `kafka_rpc.server.drain_timeouts` | counter | 1 | | Servers that ended before their handlers did |
//! | `kafka_rpc.client.open_streams` | gauge | 1 | | Streams that are open at channels |
//! | `kafka_rpc.client.lost_streams` | counter | 1 | | Streams whose server was gone |
//! | `kafka_rpc.client.resumed_streams` | counter | 1 | | Streams that went on at another server |
//! | `kafka_rpc.server.open_streams` | gauge | 1 | | Streams that are open at servers |
//! | `kafka_rpc.server.stray_frames` | counter | 1 | | Records of streams that are not open: ended, or of a server before |
//! | `kafka_rpc.server.broken_streams` | counter | 1 | | Streams whose caller broke the contract: a gap, messages without credit |
//! | `kafka_rpc.server.silent_callers` | counter | 1 | | Streams whose caller was silent for too long |
//! | `kafka_rpc.server.lag` | gauge | 1 | `messaging.consumer.group.name`, `messaging.destination.name`, `messaging.destination.partition.id` | Records of a partition that are not finished yet |
//! | `kafka_rpc.server.rebalances` | counter | 1 | | Changes in which partitions are the server's |
//! | `kafka_rpc.server.commit_failures` | counter | 1 | | Failed commits; what they cover is committed or handled again |
//! | `kafka_rpc.server.committed_lookup_failures` | counter | 1 | | Failed attempts to look up what is committed |
//! | `kafka_rpc.server.read_errors` | counter | 1 | | Failed attempts to read requests |
//! | `kafka_rpc.server.transactions` | counter | 1 | | Transactions that were committed with offsets |
//! | `kafka_rpc.server.transaction_failures` | counter | 1 | | Transactions that failed and were tried again |
//! | `kafka_rpc.producer.recreated` | counter | 1 | | Producers that could not go on and were replaced |
//!
//! The count of a duration is the number of calls. Kafka on a fast network answers in about a
//! millisecond, so a histogram wants buckets below the 5 ms with which the conventions begin. The
//! reasons of refusals are `malformed`, `too_large`, `reply_topic`, `unknown_method` and `too_many`: a
//! stream over the server's limit of open ones. The causes of dead letters are `refused`, `failed`,
//! `expired` and `unreadable`.

mod metrics;
#[cfg(feature = "opentelemetry")]
mod open_telemetry;
mod outcome;
mod propagation;
#[cfg(test)]
mod recording;
mod spans;
mod trace_context;
mod trace_headers;

pub use metrics::describe_metrics;
pub(crate) use metrics::{
    ClientMetrics, PartitionLag, PendingCall, Refused, RunningHandler, ServerMetrics,
    broken_stream, call_repeated, cancel_lost, client_stream_closed, client_stream_opened,
    commit_failed, dead_letter, dead_letter_retried, deduplicated, deduplication_failed,
    drain_timed_out, handler_panicked, orphaned_replies, record_evicted, redelivered,
    refused_request, repeat_held_back, repeated_record, reply_lost, reply_retried, request_resent,
    server_stream_closed, server_stream_opened, silent_caller, stray_frame, stream_lost,
    stream_resumed,
};
pub(crate) use outcome::Side;
pub(crate) use propagation::{incoming, outgoing, reply};
pub(crate) use spans::{
    client_span, record_correlation_id, record_outcome, record_topic, server_span,
};
pub(crate) use trace_context::TraceContext;

/// The value of `rpc.system.name` on spans and metrics.
const SYSTEM: &str = "kafka_rpc";

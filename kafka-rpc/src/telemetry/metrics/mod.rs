mod by_code;
mod catalogue;
mod client;
mod lag;
mod per_method;
mod rare;
mod server;

pub use catalogue::describe_metrics;
pub(crate) use client::{ClientMetrics, PendingCall};
pub(crate) use lag::PartitionLag;
pub(crate) use rare::{
    Refused, broken_stream, call_repeated, cancel_lost, client_stream_closed, client_stream_opened,
    commit_failed, dead_letter, dead_letter_retried, deduplicated, deduplication_failed,
    drain_timed_out, handler_panicked, orphaned_replies, record_evicted, redelivered,
    refused_request, repeat_held_back, repeated_record, reply_lost, reply_retried, request_resent,
    server_stream_closed, server_stream_opened, silent_caller, stray_frame, stream_lost,
    stream_resumed,
};
pub(crate) use server::{RunningHandler, ServerMetrics};

#[cfg(test)]
mod tests;

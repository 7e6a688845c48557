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
    Refused, cancel_lost, commit_failed, drain_timed_out, handler_panicked, orphaned_replies,
    refused_request, repeated_record, reply_lost, reply_retried,
};
pub(crate) use server::{RunningHandler, ServerMetrics};

#[cfg(test)]
mod tests;

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
pub(crate) use rare::{Refused, commit_failed, orphaned_replies, refused_request, repeated_record};
pub(crate) use server::{RunningHandler, ServerMetrics};

#[cfg(test)]
mod tests;

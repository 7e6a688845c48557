mod by_code;
mod catalogue;
mod client;
mod lag;
mod per_method;
mod refused;
mod server;

pub use catalogue::describe_metrics;
pub(crate) use client::{ClientMetrics, MeasuredCall};
pub(crate) use lag::PartitionLag;
pub(crate) use refused::refused_request;
pub(crate) use server::{MeasuredHandler, ServerMetrics};

#[cfg(test)]
mod tests;

//! How a client repeats calls.

use prost_reflect::DynamicMessage;

use super::policy::{BadPart, Parts};

/// A `RetryPolicy`.
pub(super) fn retry(options: &DynamicMessage) -> Result<String, BadPart> {
    let parts = Parts(options);
    let mut policy = "::kafka_rpc::RetryPolicy::new()".to_owned();
    parts.attempts(2..=10, "it is 2 to 10", &mut policy)?;
    parts.backoff(&mut policy)?;
    parts.codes(&mut policy)?;
    Ok(policy)
}

/// A `HedgingPolicy`.
pub(super) fn hedging(options: &DynamicMessage) -> Result<String, BadPart> {
    let parts = Parts(options);
    let mut policy = "::kafka_rpc::HedgingPolicy::new()".to_owned();
    parts.attempts(2..=10, "it is 2 to 10", &mut policy)?;
    parts.time("delay_ms", "delay", &mut policy);
    parts.codes(&mut policy)?;
    Ok(policy)
}

//! How a server handles calls again.

use prost_reflect::DynamicMessage;

use super::policy::{BadPart, Parts};

/// The policy as an expression in Rust.
///
/// # Errors
/// What can't be.
pub(super) fn plan(options: &DynamicMessage) -> Result<String, BadPart> {
    let parts = Parts(options);
    let mut policy = "::kafka_rpc::Redelivery::new()".to_owned();
    parts.attempts(1..=u32::MAX, "it is at least 1", &mut policy)?;
    parts.backoff(&mut policy)?;
    parts.codes(&mut policy)?;
    Ok(policy)
}

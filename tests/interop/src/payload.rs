use anyhow::ensure;
use bytes::Bytes;

use crate::proto::Payload;

impl Payload {
    /// So many zeros.
    pub(crate) fn zeros(size: usize) -> Self {
        Self {
            body: Bytes::from(vec![0; size]),
        }
    }
}

/// Checks that a payload is there, has the size, and is nothing but zeros.
pub(crate) fn check(payload: Option<Payload>, size: usize) -> anyhow::Result<()> {
    let body = payload.unwrap_or_default().body;
    ensure!(
        body.len() == size,
        "a payload of {} bytes instead of {size}",
        body.len()
    );
    ensure!(
        body.iter().all(|byte| *byte == 0),
        "a payload of {size} bytes is not of zeros"
    );
    Ok(())
}

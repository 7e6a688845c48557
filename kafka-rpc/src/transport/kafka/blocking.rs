//! What waits for the library or for brokers, on threads of its own. Not on the runtime's: its end
//! would wait for them, which is long where brokers are out of reach.

use std::thread;

use tokio::sync::oneshot;

use crate::transport::{Failure, TransportError};

/// Begins what blocks. What it comes to is told, unless it panics. It goes on where nobody wants to
/// know any more.
pub(super) fn begin<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<oneshot::Receiver<T>, TransportError> {
    let (told, outcome) = oneshot::channel();
    let run = move || {
        let _unwanted = told.send(work());
    };
    thread::Builder::new()
        .name("kafka-rpc-wait".into())
        .spawn(run)
        .map_err(|error| failed(&format!("can't start a thread to wait on: {error}")))?;
    Ok(outcome)
}

/// Does what blocks.
pub(super) async fn run<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, TransportError> {
    begin(work)?.await.map_err(|_| panicked())
}

/// Why nothing is told.
pub(super) fn panicked() -> TransportError {
    failed("a thread that waited for Kafka panicked")
}

fn failed(message: &str) -> TransportError {
    TransportError::new(Failure::Other, message)
}

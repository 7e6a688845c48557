//! Closing clients of the library: it waits for brokers and threads, and can hang, so it never
//! happens on a thread that somebody needs.

use std::sync::Arc;
use std::time::Duration;

/// How often a client that is still in use is looked at again.
const PAUSE: Duration = Duration::from_millis(10);

/// Drops a client on a thread of its own as soon as nobody else holds it. The last holder may be
/// somebody who must not wait for its end.
pub(super) fn in_background<T: Send + Sync + 'static>(client: Arc<T>) {
    in_background_with(client, |_| {});
}

/// As [`in_background`], with something to be done before.
pub(super) fn in_background_with<T: Send + Sync + 'static>(
    client: Arc<T>,
    before: impl FnOnce(&T) + Send + 'static,
) {
    let closing = std::thread::Builder::new()
        .name("kafka-rpc-close".into())
        .spawn(move || {
            wait_alone(&client);
            before(&client);
            drop(client);
        });
    if let Err(error) = closing {
        tracing::error!(%error, "can't start a thread to close a Kafka client on");
    }
}

/// Drops a client on this thread as soon as nobody else holds it.
pub(super) fn when_alone<T>(client: Arc<T>) {
    wait_alone(&client);
    drop(client);
}

fn wait_alone<T>(client: &Arc<T>) {
    while Arc::strong_count(client) > 1 {
        std::thread::sleep(PAUSE);
    }
}

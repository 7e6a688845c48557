use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

/// What the parts of a server tell each other about its beginning and its end.
#[derive(Debug)]
pub(super) struct Lifecycle {
    end: AtomicBool,
    /// How many groups have not been joined yet; `None` before the number is known.
    joining: Mutex<Option<usize>>,
    /// Wakes those who wait until all have been, in the order in which they came: tokio's `watch`
    /// does so at random.
    all_joined: Notify,
}

impl Lifecycle {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            end: AtomicBool::new(false),
            joining: Mutex::default(),
            all_joined: Notify::new(),
        })
    }

    pub(super) fn expect(&self, groups: usize) {
        *self.joining.lock() = Some(groups);
    }

    /// A group has given us our first partitions.
    pub(super) fn joined(&self) {
        let mut joining = self.joining.lock();
        *joining = joining.map(|left| left.saturating_sub(1));
        if *joining == Some(0) {
            self.all_joined.notify_waiters();
        }
    }

    async fn ready(&self) {
        // Made before the look, or what comes between the two would be missed.
        let all_joined = self.all_joined.notified();
        if *self.joining.lock() != Some(0) {
            all_joined.await;
        }
    }

    pub(super) fn end(&self) {
        self.end.store(true, Ordering::Release);
    }

    pub(super) fn shall_end(&self) -> bool {
        self.end.load(Ordering::Acquire)
    }
}

/// Tells about a server from outside of it; see [`ServerBuilder::handle`](super::ServerBuilder::handle).
#[derive(Clone, Debug)]
pub struct ServerHandle {
    lifecycle: Arc<Lifecycle>,
}

impl ServerHandle {
    pub(super) fn new(lifecycle: Arc<Lifecycle>) -> Self {
        Self { lifecycle }
    }

    /// Waits until the server has joined its groups and been given its partitions, from when on it
    /// takes calls. Where a group has more servers than partitions, that may be none.
    ///
    /// Waits for ever where the server is never run, or fails to start.
    pub async fn ready(&self) {
        self.lifecycle.ready().await;
    }

    /// Begins to end the server, as the signal of `serve_with_shutdown` does.
    pub fn shutdown(&self) {
        self.lifecycle.end();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_server_is_ready_when_it_has_joined_all_of_its_groups() {
        let lifecycle = Lifecycle::new();
        let handle = ServerHandle::new(Arc::clone(&lifecycle));
        let mut early = Box::pin(handle.ready());
        assert!((&mut early).now_or_never().is_none());
        lifecycle.expect(2);
        lifecycle.joined();
        assert!((&mut early).now_or_never().is_none());
        lifecycle.joined();
        early.await;
        handle.ready().await;
    }
}

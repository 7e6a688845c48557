use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

/// What the parts of a server tell each other about its beginning and its end.
#[derive(Debug)]
pub(super) struct Lifecycle {
    end: AtomicBool,
    /// How many groups have not been joined yet; `None` before the number is known.
    joining: watch::Sender<Option<usize>>,
}

impl Lifecycle {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            end: AtomicBool::new(false),
            joining: watch::Sender::new(None),
        })
    }

    pub(super) fn expect(&self, groups: usize) {
        self.joining.send_replace(Some(groups));
    }

    /// A group has given us our first partitions.
    pub(super) fn joined(&self) {
        self.joining
            .send_modify(|left| *left = left.map(|left| left.saturating_sub(1)));
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
        let mut joining = self.lifecycle.joining.subscribe();
        // An error means that nobody can tell any more; the handle itself keeps the sender alive.
        let _alive = joining.wait_for(|left| *left == Some(0)).await;
    }

    /// Begins to end the server, as the signal of `serve_with_shutdown` does.
    pub fn shutdown(&self) {
        self.lifecycle.end();
    }
}

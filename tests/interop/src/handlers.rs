use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::proto::HandlersReply;

/// Counts handlers of streams, so that a case can ask whether one is over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handlers(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    begun: AtomicU64,
    over: AtomicU64,
}

/// A handler is not over before this is dropped.
#[derive(Debug)]
pub(crate) struct Running(Arc<Counts>);

impl Handlers {
    pub(crate) fn begin(&self) -> Running {
        self.0.begun.fetch_add(1, Ordering::SeqCst);
        Running(Arc::clone(&self.0))
    }

    pub(crate) fn counts(&self) -> HandlersReply {
        // In this order, as none is over that was not begun.
        let over = self.0.over.load(Ordering::SeqCst);
        let begun = self.0.begun.load(Ordering::SeqCst);
        HandlersReply {
            begun,
            running: begun - over,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.over.fetch_add(1, Ordering::SeqCst);
    }
}

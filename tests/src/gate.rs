use std::sync::Arc;

use tokio::sync::watch;

/// Holds handlers up until a test opens it.
#[derive(Clone, Debug)]
pub struct Gate(Arc<watch::Sender<bool>>);

impl Gate {
    /// A gate that nobody passes yet.
    pub fn closed() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// Lets all pass, from now on.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    /// Waits until the gate is open.
    pub async fn pass(&self) {
        let mut open = self.0.subscribe();
        // An error can't be: `self` keeps the sender.
        let _open = open.wait_for(|open| *open).await;
    }
}

use std::sync::Arc;

use super::Cluster;
use crate::transport::Transport;
#[cfg(feature = "__measured")]
use crate::transport::memory::MemoryTransport;

impl Cluster {
    /// A cluster in this process's memory, without any Kafka. Not part of the interface.
    #[cfg(feature = "__measured")]
    #[doc(hidden)]
    pub fn in_memory() -> Self {
        Self::on(Arc::new(MemoryTransport::default()))
    }

    /// A cluster on a transport of its own.
    pub(crate) fn on(transport: Arc<dyn Transport>) -> Self {
        let mut cluster = Self::new("memory");
        cluster.memory = Some(transport);
        cluster
    }
}

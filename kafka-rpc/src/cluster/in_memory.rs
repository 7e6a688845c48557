use std::sync::Arc;

use super::Cluster;

impl Cluster {
    /// A cluster in this process's memory, without any Kafka. Not part of the interface.
    #[doc(hidden)]
    pub fn in_memory() -> Self {
        let mut cluster = Self::new("memory");
        cluster.memory = Some(Arc::default());
        cluster
    }
}

//! Writing records.

mod gathering;
mod lasting;
mod native;
mod opaque;
mod topics;

use std::sync::Arc;

use self::gathering::Gathering;
use self::lasting::Lasting;
pub(super) use self::native::Native;
use super::config::{ClusterConfig, Purpose};
use crate::transport::{Deliveries, Outgoing, Producer, TransportError, Undelivered, Writes};

/// Writes records, those that may wait for others apart at times.
pub(super) struct KafkaProducer {
    usual: Lasting,
    /// For patient records.
    gathering: Option<Arc<Gathering>>,
}

impl KafkaProducer {
    /// A producer with the cluster's properties and some of its own. Patient records wait for others
    /// unless the user has said how long they do, or somebody waits for what becomes of them.
    pub(super) fn open(
        cluster: &ClusterConfig,
        own: &[(String, String)],
        writes: Writes,
        deliveries: Arc<dyn Deliveries>,
    ) -> Result<Self, TransportError> {
        let mut config = cluster.client(Purpose::Producer(writes), own);
        // Whatever the user has set: what is under way relies on it.
        let only_failures = (writes == Writes::Requests).to_string();
        config.set("delivery.report.only.error", only_failures);
        let may_gather = cluster.leaves_linger(own) && !native::is_waited_for(writes);
        Ok(Self {
            gathering: may_gather.then(|| Gathering::of(&config, writes, &deliveries)),
            usual: Lasting::open(config, writes, deliveries)?,
        })
    }

    /// Whether there is a second client at times.
    #[cfg(test)]
    pub(super) fn may_gather(&self) -> bool {
        self.gathering.is_some()
    }

    /// Whether the second client is there. It is not asked for by this.
    #[cfg(test)]
    pub(super) fn gathers(&self) -> bool {
        self.gathering
            .as_ref()
            .is_some_and(|it| it.opened().is_some())
    }

    /// As if librdkafka had said of all clients that they can't go on.
    #[cfg(test)]
    pub(super) fn break_down(&self) {
        self.usual.break_down();
        if let Some(gathering) = self.gathering.as_ref().and_then(|it| it.opened()) {
            gathering.break_down();
        }
    }
}

impl Producer for KafkaProducer {
    fn send(&self, record: Outgoing, token: Option<u128>) -> Result<(), Box<Undelivered>> {
        if record.patient
            && let Some(gathering) = &self.gathering
            && let Some(client) = gathering.client(&record.topic)
        {
            return client.send(record, token);
        }
        self.usual.send(record, token)
    }
}

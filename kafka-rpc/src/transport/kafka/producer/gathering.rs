//! A second client of librdkafka, for times at which many records come.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rdkafka::config::ClientConfig;

use super::lasting::Lasting;
use crate::transport::{Deliveries, TransportError, Writes};

/// How long a record waits for others, in milliseconds. As long as records come that fast, it saves more
/// than it takes: each request to the broker costs client and broker alike, and while one of an
/// idempotent producer is under way, librdkafka's thread looks again and again whether the next may go
/// if that is due at once.
const LINGER: &str = "0.3";
/// How long the topic may be looked up before the client is used without.
const LOOK_UP_LIMIT: Duration = Duration::from_secs(5);

/// Its `linger.ms` is set for good when a client is made, so there is one for those that wait for nobody
/// and one for those that do. This one is made when it is needed for the first time, on a thread of its
/// own.
pub(super) struct Gathering {
    config: ClientConfig,
    writes: Writes,
    deliveries: Arc<dyn Deliveries>,
    asked_for: AtomicBool,
    /// Stays empty where it can't be made: the other client does as well.
    client: OnceLock<Lasting>,
}

impl Gathering {
    pub(super) fn of(
        config: &ClientConfig,
        writes: Writes,
        deliveries: &Arc<dyn Deliveries>,
    ) -> Arc<Self> {
        let mut config = config.clone();
        config.set("linger.ms", LINGER);
        Arc::new(Self {
            config,
            writes,
            deliveries: Arc::clone(deliveries),
            asked_for: AtomicBool::new(false),
            client: OnceLock::new(),
        })
    }

    /// The client, if it is there. Where it is not, it is soon.
    pub(super) fn client(self: &Arc<Self>, topic: &Arc<str>) -> Option<&Lasting> {
        let client = self.client.get();
        if client.is_none() && !self.asked_for.swap(true, Ordering::Relaxed) {
            self.open(topic);
        }
        client
    }

    /// The client, if it is there. It is not asked for by this.
    #[cfg(test)]
    pub(super) fn opened(&self) -> Option<&Lasting> {
        self.client.get()
    }

    fn open(self: &Arc<Self>, topic: &Arc<str>) {
        let (gathering, topic) = (Arc::clone(self), Arc::clone(topic));
        let thread = std::thread::Builder::new().name("kafka-rpc-open".into());
        let opened = thread.spawn(move || {
            if let Err(error) = gathering.make(&topic) {
                tracing::debug!(%error, "records don't gather");
            }
        });
        if let Err(error) = opened {
            tracing::debug!(%error, "records don't gather");
        }
    }

    fn make(&self, topic: &str) -> Result<(), TransportError> {
        let deliveries = Arc::clone(&self.deliveries);
        let client = Lasting::open(self.config.clone(), self.writes, deliveries)?;
        if let Err(error) = client.look_up(topic, LOOK_UP_LIMIT) {
            tracing::debug!(%error, "records gather before their topic is known");
        }
        // It is asked for once, so there is none yet.
        self.client.get_or_init(|| client);
        Ok(())
    }
}

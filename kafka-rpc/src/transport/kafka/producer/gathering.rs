//! A second client of librdkafka, for times at which many records come.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::{MappedRwLockReadGuard, RwLock, RwLockReadGuard};
use rdkafka::config::ClientConfig;

use super::lasting::Lasting;
use crate::transport::{Deliveries, Writes};

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
    state: RwLock<State>,
}

enum State {
    Unused,
    /// Also where that has failed: the other client does as well.
    Opening,
    Open(Lasting),
    Closed,
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
            state: RwLock::new(State::Unused),
        })
    }

    /// The client, if it is there. Where it is not, it is soon.
    pub(super) fn client(
        self: &Arc<Self>,
        topic: &Arc<str>,
    ) -> Option<MappedRwLockReadGuard<'_, Lasting>> {
        let open = RwLockReadGuard::try_map(self.state.read(), |state| match state {
            State::Open(client) => Some(client),
            _ => None,
        });
        match open {
            Ok(client) => Some(client),
            Err(state) => {
                let unused = matches!(*state, State::Unused);
                drop(state);
                if unused {
                    self.open(topic);
                }
                None
            }
        }
    }

    #[cfg(test)]
    pub(super) fn is_open(&self) -> bool {
        matches!(*self.state.read(), State::Open(_))
    }

    #[cfg(test)]
    pub(super) fn break_down(&self) {
        if let State::Open(client) = &*self.state.read() {
            client.break_down();
        }
    }

    fn open(self: &Arc<Self>, topic: &Arc<str>) {
        {
            let mut state = self.state.write();
            if !matches!(*state, State::Unused) {
                return;
            }
            *state = State::Opening;
        }
        let (gathering, topic) = (Arc::clone(self), Arc::clone(topic));
        let thread = std::thread::Builder::new().name("kafka-rpc-open".into());
        if let Err(error) = thread.spawn(move || gathering.opened(&topic)) {
            tracing::debug!(%error, "records don't gather");
        }
    }

    fn opened(&self, topic: &str) {
        let deliveries = Arc::clone(&self.deliveries);
        let client = match Lasting::open(self.config.clone(), self.writes, deliveries) {
            Ok(client) => client,
            Err(error) => return tracing::debug!(%error, "records don't gather"),
        };
        if let Err(error) = client.look_up(topic, LOOK_UP_LIMIT) {
            tracing::debug!(%error, "records gather before their topic is known");
        }
        let mut state = self.state.write();
        if !matches!(*state, State::Closed) {
            *state = State::Open(client);
        }
    }

    /// Gives the client up, if it is there, and makes none any more.
    pub(super) fn close(&self) {
        *self.state.write() = State::Closed;
    }
}

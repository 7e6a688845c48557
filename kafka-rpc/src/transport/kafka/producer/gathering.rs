//! A second client of librdkafka, for times at which many records come.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::{MappedRwLockReadGuard, RwLock, RwLockReadGuard};
use rdkafka::config::ClientConfig;

use super::native::{Native, is_waited_for};
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
    Open(Arc<Native>),
    Closed,
}

impl Gathering {
    /// `None` where there is to be none: the user has said how long records wait, or somebody waits for
    /// their acknowledgements.
    pub(super) fn of(
        config: &ClientConfig,
        writes: Writes,
        deliveries: &Arc<dyn Deliveries>,
    ) -> Option<Arc<Self>> {
        let usual =
            config.get("linger.ms") == Some("0") && config.get("queue.buffering.max.ms").is_none();
        if !usual || is_waited_for(writes) {
            return None;
        }
        let mut config = config.clone();
        config.set("linger.ms", LINGER);
        Some(Arc::new(Self {
            config,
            writes,
            deliveries: Arc::clone(deliveries),
            state: RwLock::new(State::Unused),
        }))
    }

    /// The client, if it is there. Where it is not, it is soon.
    pub(super) fn native(
        self: &Arc<Self>,
        topic: &Arc<str>,
    ) -> Option<MappedRwLockReadGuard<'_, Native>> {
        let open = RwLockReadGuard::try_map(self.state.read(), |state| match state {
            State::Open(native) if !native.is_fatal() => Some(&**native),
            _ => None,
        });
        match open {
            Ok(native) => Some(native),
            Err(state) => {
                let needed = matches!(*state, State::Unused | State::Open(_));
                drop(state);
                if needed {
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

    fn open(self: &Arc<Self>, topic: &Arc<str>) {
        {
            let mut state = self.state.write();
            match &*state {
                State::Unused => {}
                State::Open(native) if native.is_fatal() => {
                    native.close();
                    metrics::counter!("kafka_rpc.producer.recreated").increment(1);
                }
                _ => return,
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
        let native = match Native::open(&self.config, self.writes, &self.deliveries) {
            Ok(native) => native,
            Err(error) => return tracing::debug!(%error, "records don't gather"),
        };
        if let Err(error) = native.look_up(topic, LOOK_UP_LIMIT) {
            tracing::debug!(%error, "records gather before their topic is known");
        }
        let mut state = self.state.write();
        match *state {
            State::Closed => native.close(),
            _ => *state = State::Open(native),
        }
    }

    pub(super) fn close(&self) {
        let before = std::mem::replace(&mut *self.state.write(), State::Closed);
        if let State::Open(native) = before {
            native.close();
        }
    }
}

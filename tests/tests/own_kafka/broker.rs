use std::ops::{Deref, DerefMut};
use std::sync::OnceLock;
use std::thread;

use kafka_rpc_tests::kafka::Broker;
use tokio::sync::{Mutex, MutexGuard};

/// One broker for the tests that break it, of which one runs at a time.
pub(crate) async fn breakable() -> Breakable {
    static SLOT: OnceLock<Mutex<Slot>> = OnceLock::new();
    let slot = SLOT.get_or_init(|| {
        Mutex::new(Slot {
            broker: Broker::start(),
            broken: false,
        })
    });
    let mut slot = slot.lock().await;
    if slot.broken {
        slot.broker.kill();
        slot.broker.restart();
        slot.broken = false;
    }
    Breakable(slot)
}

struct Slot {
    broker: Broker,
    /// The last test failed, and may have left the broker in any state.
    broken: bool,
}

/// A running broker that no other test uses now. Who takes it away brings it back.
pub(crate) struct Breakable(MutexGuard<'static, Slot>);

impl Deref for Breakable {
    type Target = Broker;

    fn deref(&self) -> &Broker {
        &self.0.broker
    }
}

impl DerefMut for Breakable {
    fn deref_mut(&mut self) -> &mut Broker {
        &mut self.0.broker
    }
}

impl Drop for Breakable {
    fn drop(&mut self) {
        self.0.broken = thread::panicking();
    }
}

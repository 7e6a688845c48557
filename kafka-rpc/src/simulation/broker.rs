use std::sync::Arc;
use std::time::Duration;

use super::Chance;
use crate::Cluster;
use crate::transport::Transport;
use crate::transport::simulated::{Faults, Open, SimulatedTransport};

/// The broker of a simulation.
pub struct Broker {
    transport: Arc<SimulatedTransport>,
}

impl Broker {
    /// Must be called within a runtime whose clock is paused.
    pub fn start(chance: Chance, faults: Faults) -> Self {
        Self {
            transport: Arc::new(SimulatedTransport::start(chance, faults)),
        }
    }

    /// The cluster, as clients and servers see it.
    pub fn cluster(&self) -> Cluster {
        Cluster::on(Arc::clone(&self.transport) as Arc<dyn Transport>)
    }

    /// What goes wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.transport.set_faults(faults);
    }

    /// It can't be reached for a time.
    pub fn restart(&self, away: Duration) {
        self.transport.restart(away);
    }

    /// It gives the partitions of all groups out anew.
    pub fn rebalance(&self) {
        self.transport.rebalance();
    }

    /// It forgets what is older in the topics whose names end like this.
    pub fn retain(&self, suffix: &str, age: Duration) {
        self.transport.retain(suffix, age);
    }

    /// What clients have open.
    pub fn open(&self) -> Open {
        self.transport.open()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.transport.stop();
    }
}

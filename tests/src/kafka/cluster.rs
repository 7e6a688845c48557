use std::ops::{Deref, DerefMut};

use super::broker::Broker;

/// The brokers of one cluster: a slice of them, each of which can be stopped, killed and restarted on its own.
pub struct Brokers {
    brokers: Vec<Broker>,
}

impl Brokers {
    pub(super) fn new(brokers: Vec<Broker>) -> Self {
        Self { brokers }
    }

    /// All of them, as `host:port,host:port`.
    pub fn bootstrap(&self) -> String {
        let addresses: Vec<&str> = self.brokers.iter().map(Broker::bootstrap).collect();
        addresses.join(",")
    }
}

impl Deref for Brokers {
    type Target = [Broker];

    fn deref(&self) -> &[Broker] {
        &self.brokers
    }
}

impl DerefMut for Brokers {
    fn deref_mut(&mut self) -> &mut [Broker] {
        &mut self.brokers
    }
}

use super::port::Port;

/// A further way to a broker, for a client that is to be cut off, or to be far away.
///
/// The broker [listens](Self::listens) on one port, and tells who comes by it that it is at [another](Self::advertised). On that
/// one the test has to listen, and pass on what comes.
pub struct Detour {
    listens: Port,
    advertised: Port,
}

impl Detour {
    pub(super) fn claim() -> Result<Self, String> {
        Ok(Self {
            listens: Port::claim()?,
            advertised: Port::claim()?,
        })
    }

    /// The broker's port on loopback.
    pub fn listens(&self) -> u16 {
        self.listens.number()
    }

    /// The port on loopback that clients connect to.
    pub fn advertised(&self) -> u16 {
        self.advertised.number()
    }

    pub(super) fn ports(&self) -> (u16, u16) {
        (self.listens(), self.advertised())
    }
}

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::ops::Range;

/// A TCP port on loopback that no other test takes while this value lives, also while nothing listens on it.
///
/// A broker binds its port seconds after it was chosen, and again after a restart. A UDP socket of the same number is the
/// claim in between: Kafka does not need it, other test processes see it, and the kernel gives it back in every case.
pub(crate) struct Port {
    number: u16,
    _claim: UdpSocket,
}

/// Below the ports that Linux (32768 and up) and macOS hand to outgoing connections: one of those could take the port while
/// its broker is down, and a client that keeps connecting to it would in time meet itself there.
const PORTS: Range<u16> = 20_000..32_000;

impl Port {
    pub(crate) fn claim() -> Result<Self, String> {
        let random = RandomState::new().build_hasher().finish();
        let count = u64::from(PORTS.end - PORTS.start);
        (0..count)
            .map(|step| {
                PORTS.start + u16::try_from((random % count + step) % count).unwrap_or_default()
            })
            .find_map(|number| {
                let claim = UdpSocket::bind((Ipv4Addr::LOCALHOST, number)).ok()?;
                TcpListener::bind((Ipv4Addr::LOCALHOST, number)).ok()?;
                Some(Self {
                    number,
                    _claim: claim,
                })
            })
            .ok_or_else(|| {
                format!(
                    "all ports of 127.0.0.1 from {} to {} are taken",
                    PORTS.start,
                    PORTS.end - 1
                )
            })
    }

    pub(crate) fn number(&self) -> u16 {
        self.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claimed_port_is_free_for_the_broker_but_not_for_another_claim() {
        let port = Port::claim().unwrap();
        let broker = TcpListener::bind((Ipv4Addr::LOCALHOST, port.number())).unwrap();
        drop(broker);
        assert!(UdpSocket::bind((Ipv4Addr::LOCALHOST, port.number())).is_err());
    }

    #[test]
    fn many_claims_are_all_different() {
        let ports: Vec<Port> = (0..100).map(|_| Port::claim().unwrap()).collect();
        let mut numbers: Vec<u16> = ports.iter().map(Port::number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 100);
    }
}

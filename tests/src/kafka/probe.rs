use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// ApiVersions, version 0, correlation id 7, no client id: the one request that a broker answers before authentication.
const API_VERSIONS: [u8; 14] = [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff];

/// Asks whatever listens on a port whether it speaks Kafka's protocol. The error says why it seems not to.
pub(crate) fn answers(port: u16, limit: Duration) -> io::Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.write_all(&API_VERSIONS)?;
    // Length, correlation id, error code.
    let mut start = [0; 10];
    stream.read_exact(&mut start)?;
    if start[4..] == [0, 0, 0, 7, 0, 0] {
        Ok(())
    } else {
        Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("not an answer to ApiVersions: {start:?}"),
        ))
    }
}

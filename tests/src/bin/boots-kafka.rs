//! Boots Kafka and says where: for the tests of what the harness leaves behind.
//!
//! `boots-kafka shared` then ends like a test binary that used the shared broker. `boots-kafka paused` pauses a broker of its
//! own and waits to be killed.

use std::io::{self, Write};
use std::time::Duration;
use std::{env, thread};

use kafka_rpc_tests::kafka::{self, Broker};

fn main() -> io::Result<()> {
    match env::args().nth(1).as_deref() {
        Some("shared") => writeln!(io::stdout(), "ready {}", kafka::shared().bootstrap()),
        Some("paused") => {
            let mut broker = Broker::start();
            broker.pause();
            writeln!(io::stdout(), "ready {}", broker.bootstrap())?;
            thread::sleep(Duration::from_secs(600));
            Ok(())
        }
        _ => Err(io::Error::other("usage: boots-kafka shared | paused")),
    }
}

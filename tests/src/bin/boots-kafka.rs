//! Boots Kafka and says so; then ends, or waits to be killed: for the tests of what the harness leaves behind.

use std::env;
use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use kafka_rpc_tests::kafka;

fn main() -> io::Result<()> {
    let broker = kafka::shared();
    writeln!(io::stdout(), "ready {}", broker.bootstrap())?;
    if env::args().any(|argument| argument == "--wait") {
        thread::sleep(Duration::from_secs(600));
    }
    Ok(())
}

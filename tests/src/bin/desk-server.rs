//! A server of the suites' service, to be killed: `desk-server serve name=value …`.

use std::env;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    kafka_rpc_tests::desk_server::serve(env::args().skip(2))
}

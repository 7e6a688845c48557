#![no_main]

mod header;

use header::Header;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|headers: Vec<Header<'_>>| {
    let pairs: Vec<_> = headers.iter().map(Header::pair).collect();
    kafka_rpc::fuzzing::request(&pairs);
});

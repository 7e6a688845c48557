#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], Duration)| {
    let (value, any) = input;
    kafka_rpc::fuzzing::timeout(value, any);
});

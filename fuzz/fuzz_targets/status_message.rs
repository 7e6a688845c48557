#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|value: &[u8]| kafka_rpc::fuzzing::status_message(value));

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: ((u32, u32), Vec<(u8, u64)>)| {
    let (window, steps) = input;
    kafka_rpc::fuzzing::stream_frames(window, &steps);
});

use std::env;
use std::fmt::Write;
use std::time::Duration;

use super::distribution::Distribution;
use crate::process;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/java/DefaultPartition.java");

/// For each key and number of partitions, the partition that the Java producer's default partitioner chooses.
///
/// One JVM for all of them, so ask for many at once.
///
/// # Panics
/// When Java can't be run, with what it said.
#[track_caller]
pub fn java_partitions(keys: &[(&[u8], i32)]) -> Vec<i32> {
    try_partitions(keys).unwrap_or_else(|why| panic!("can't ask the Java partitioner: {why}"))
}

fn try_partitions(keys: &[(&[u8], i32)]) -> Result<Vec<i32>, String> {
    let mut input = String::new();
    for (key, partitions) in keys {
        let hex = key.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let _ = writeln!(input, "{partitions} {hex}");
    }
    let mut java = Distribution::get()?.java(&env::temp_dir());
    let output = process::run(java.arg(SOURCE), input.as_bytes(), Duration::from_secs(60))?;
    let answer = String::from_utf8_lossy(&output.stdout);
    let partitions = answer
        .lines()
        .map(|line| line.parse().map_err(|error| format!("{line:?}: {error}")));
    let partitions = partitions.collect::<Result<Vec<i32>, String>>()?;
    if output.status.success() && partitions.len() == keys.len() {
        Ok(partitions)
    } else {
        Err(format!(
            "it said:\n{answer}\n{}",
            String::from_utf8_lossy(&output.stderr)
        ))
    }
}

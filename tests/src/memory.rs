//! The memory of processes.

use std::fs;

/// What of a process's memory is in RAM, in bytes; `None` where there is no `/proc`, or no such process.
pub fn resident(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_memory_until_it_ends() {
        if cfg!(target_os = "linux") {
            assert!(resident(std::process::id()).unwrap() > 1 << 20);
        }
        assert_eq!(resident(u32::MAX), None);
    }
}

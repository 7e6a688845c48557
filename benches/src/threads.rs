//! What `/proc` tells of the threads of a process, and of its memory.

use std::fs;
use std::time::Duration;

/// The threads of a process that run now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Threads {
    pub(crate) count: u32,
    /// How often one of them went to sleep so far: it is woken as often.
    pub(crate) sleeps: u64,
    /// How long they have been on a CPU so far, to the nanosecond where [`cpu`](crate::cpu) counts in ticks.
    pub(crate) on_cpu: Duration,
}

/// `None` where there is no `/proc`, or the process has ended.
pub(crate) fn of(process: u32) -> Option<Threads> {
    let mut threads = Threads::default();
    for thread in fs::read_dir(format!("/proc/{process}/task")).ok()? {
        let thread = thread.ok()?.path();
        // One that ends meanwhile is not counted.
        let (Ok(status), Ok(schedule)) = (
            fs::read_to_string(thread.join("status")),
            fs::read_to_string(thread.join("schedstat")),
        ) else {
            continue;
        };
        threads.count += 1;
        threads.sleeps += field(&status, "voluntary_ctxt_switches")?;
        threads.on_cpu += on_cpu(&schedule)?;
    }
    Some(threads)
}

/// How often threads of all these processes went to sleep so far.
pub(crate) fn sleeps_of(processes: &[u32]) -> Option<u64> {
    let sleeps = |process: &u32| of(*process).map(|threads| threads.sleeps);
    processes.iter().map(sleeps).sum()
}

/// The memory of a process that is in RAM, in bytes.
pub(crate) fn resident(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    Some(field(&status, "VmRSS")? * 1024)
}

/// The number behind a name in a `status` file.
fn field(status: &str, name: &str) -> Option<u64> {
    let mut lines = status.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    value.split_ascii_whitespace().next()?.parse().ok()
}

/// The first field of a `schedstat` file, in nanoseconds.
fn on_cpu(schedule: &str) -> Option<Duration> {
    let nanos = schedule.split_ascii_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanos))
}

#[cfg(test)]
mod tests {
    use std::process;
    use std::thread;

    use super::*;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let status = "Name:\tvoluntary\nVmRSS:\t    2048 kB\nvoluntary_ctxt_switches:\t17\n\
                      nonvoluntary_ctxt_switches:\t4\n";
        assert_eq!(field(status, "voluntary_ctxt_switches"), Some(17));
        assert_eq!(field(status, "VmRSS"), Some(2048));
        assert_eq!(field(status, "voluntary"), None);
        assert_eq!(on_cpu("292585 17 2\n"), Some(Duration::from_nanos(292_585)));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn threads_their_sleeps_and_memory_show() {
        let before = of(process::id()).unwrap();
        let sleepy =
            thread::spawn(|| (0..50).for_each(|_| thread::sleep(Duration::from_millis(5))));
        thread::sleep(Duration::from_millis(100));
        let after = of(process::id()).unwrap();
        sleepy.join().unwrap();
        assert!(after.sleeps > before.sleeps + 5, "{before:?} {after:?}");
        assert!(
            after.count >= 2 && after.on_cpu > Duration::ZERO,
            "{after:?}"
        );
        assert!(resident(process::id()).unwrap() > 1 << 20);
    }

    #[test]
    fn a_process_that_has_ended_has_no_threads() {
        assert_eq!(of(u32::MAX), None);
        assert_eq!(sleeps_of(&[process::id(), u32::MAX]), None);
        assert_eq!(resident(u32::MAX), None);
    }
}

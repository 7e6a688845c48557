//! What `/proc` tells of the threads of a process.

use std::collections::HashMap;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// Threads of processes that run now, by their ids.
#[derive(Clone, Debug, Default)]
pub(crate) struct Threads(HashMap<u32, Counts>);

/// Of one thread or more, so far or since a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    /// How often one of them went to sleep: it is woken as often.
    pub(crate) sleeps: u64,
    /// How long they were on a CPU, to the nanosecond where [`cpu`](crate::cpu) counts in ticks.
    pub(crate) on_cpu: Duration,
}

/// `None` where there is no `/proc`, or one of the processes has ended.
pub(crate) fn of(processes: &[u32]) -> Option<Threads> {
    let mut threads = Threads::default();
    for process in processes {
        for thread in fs::read_dir(format!("/proc/{process}/task")).ok()? {
            let path = thread.ok()?.path();
            // One that ends meanwhile is not counted.
            let (Ok(status), Ok(schedule)) = (
                fs::read_to_string(path.join("status")),
                fs::read_to_string(path.join("schedstat")),
            ) else {
                continue;
            };
            let counts = Counts {
                sleeps: field(&status, "voluntary_ctxt_switches")?,
                on_cpu: on_cpu(&schedule)?,
            };
            threads
                .0
                .insert(field(&status, "Pid")?.try_into().ok()?, counts);
        }
    }
    Some(threads)
}

impl Threads {
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// What threads that run now did since then. What those did that have ended meanwhile is lost.
    pub(crate) fn since(&self, before: &Self) -> Counts {
        let mut sum = Counts::default();
        for (thread, now) in &self.0 {
            let then = before.0.get(thread).copied().unwrap_or_default();
            sum.sleeps += now.sleeps.saturating_sub(then.sleeps);
            sum.on_cpu += now.on_cpu.saturating_sub(then.on_cpu);
        }
        sum
    }
}

/// What a process uses of a core in the time that comes.
pub(crate) fn busy(process: u32, time: Duration) -> anyhow::Result<f64> {
    let threads = || of(&[process]).context("/proc does not tell of the process");
    let (begin, before) = (Instant::now(), threads()?);
    thread::sleep(time);
    let used = threads()?.since(&before).on_cpu;
    Ok(used.as_secs_f64() / begin.elapsed().as_secs_f64())
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
        let before = of(&[process::id()]).unwrap();
        let sleepy =
            thread::spawn(|| (0..50).for_each(|_| thread::sleep(Duration::from_millis(5))));
        thread::sleep(Duration::from_millis(100));
        let after = of(&[process::id()]).unwrap();
        sleepy.join().unwrap();
        let counts = after.since(&before);
        assert!(counts.sleeps > 5, "{counts:?}");
        assert!(
            after.count() >= 2 && counts.on_cpu > Duration::ZERO,
            "{counts:?}"
        );
    }

    #[test]
    fn a_thread_that_ends_takes_nothing_from_the_others() {
        let counts = |sleeps| Counts {
            sleeps,
            on_cpu: Duration::from_millis(sleeps),
        };
        let before = Threads([(1, counts(10)), (2, counts(1_000))].into());
        let after = Threads([(1, counts(15)), (3, counts(7))].into());
        assert_eq!(after.since(&before), counts(12));
    }

    #[test]
    fn a_process_that_has_ended_has_no_threads() {
        assert!(of(&[process::id(), u32::MAX]).is_none());
    }
}

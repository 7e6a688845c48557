use std::fs;
use std::time::Duration;

use rustix::param::clock_ticks_per_second;

/// The CPU time of processes so far, user and system together; `None` where there is no `/proc`, or one of them has ended.
pub(crate) fn time_of(processes: &[u32]) -> Option<Duration> {
    processes.iter().copied().map(time_of_one).sum()
}

fn time_of_one(process: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let ticks = ticks(&stat)?;
    Some(Duration::from_secs_f64(
        ticks as f64 / clock_ticks_per_second() as f64,
    ))
}

/// Fields 14 and 15 of the line, `utime` and `stime`. Field 2 is the program's name in parentheses, which may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use std::process;
    use std::time::Instant;

    use super::*;

    #[test]
    fn user_and_system_time_are_found_behind_any_name() {
        let stat = "17 (a ) 1 2 (b) S 1 17 17 0 -1 4194560 1 2 3 4 250 50 7 8 20 0 1 0 900 1 2\n";
        assert_eq!(ticks(stat), Some(300));
        assert_eq!(ticks("17 (cut off) S 1 17"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn work_shows() {
        let before = time_of(&[process::id()]).unwrap();
        let begin = Instant::now();
        let mut work = 0_u64;
        let mut after = before;
        while after < before + Duration::from_millis(50) {
            assert!(
                begin.elapsed() < Duration::from_secs(60),
                "50 ms of work do not show"
            );
            for step in 0..1_000_000 {
                work = std::hint::black_box(work.wrapping_mul(31).wrapping_add(step));
            }
            after = time_of(&[process::id()]).unwrap();
        }
    }

    #[test]
    fn a_process_that_has_ended_has_no_time() {
        assert_eq!(time_of(&[u32::MAX]), None);
    }
}

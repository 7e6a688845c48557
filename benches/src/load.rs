//! The loops that make calls: a closed one, whose callers wait for their calls, and an open one, which does not.

use std::sync::Arc;
use std::time::Duration;

use tokio::join;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use crate::keys::Keys;
use crate::recorder::{Recorded, Recorder};
use crate::setup::Load;
use crate::system::Caller;

/// How long calls may go on after the measured time before they count as errors.
const DRAIN_LIMIT: Duration = Duration::from_secs(35);
/// How long a caller rests after a call that failed, so that failures do not crowd out the other callers.
const FAILURE_PAUSE: Duration = Duration::from_millis(10);

/// What was recorded, and what a probe said when measuring began and ended.
pub(crate) struct Measured<T> {
    pub(crate) recorded: Recorded,
    pub(crate) before: T,
    pub(crate) after: T,
}

/// Makes calls as `load` says. `pace` waits until a moment; an open loop asks it.
pub(crate) async fn run<C: Caller, T>(
    caller: &C,
    load: &Load,
    pace: impl AsyncFn(Instant),
    probe: impl Fn() -> T,
) -> anyhow::Result<Measured<T>> {
    let start = Instant::now();
    let begin = start + load.warm_up;
    let end = begin + load.measured;
    let recorder = Arc::new(Recorder::new(begin, end)?);
    // One for each pending call.
    let permits = Arc::new(Semaphore::new(load.concurrency as usize));
    let run = Run {
        caller,
        load,
        start,
        end,
        limit: end + DRAIN_LIMIT,
        recorder: &recorder,
        permits: &permits,
    };

    let probes = async {
        sleep_until(begin).await;
        let before = probe();
        sleep_until(end).await;
        (before, probe())
    };
    let calls = async {
        match load.rate {
            Some(rate) => run.open(rate, pace).await,
            None => run.closed(),
        }
    };
    let ((before, after), ()) = join!(probes, calls);
    if timeout_at(run.limit, permits.acquire_many(load.concurrency))
        .await
        .is_err()
    {
        let unfinished = load.concurrency as usize - permits.available_permits();
        recorder.record_unfinished(unfinished as u64);
    }
    Ok(Measured {
        recorded: recorder.recorded(),
        before,
        after,
    })
}

struct Run<'a, C> {
    caller: &'a C,
    load: &'a Load,
    start: Instant,
    end: Instant,
    limit: Instant,
    recorder: &'a Arc<Recorder>,
    permits: &'a Arc<Semaphore>,
}

impl<C: Caller> Run<'_, C> {
    /// Starts callers that each make their next call when the last one has ended.
    fn closed(&self) {
        for index in 0..self.load.concurrency {
            let (caller, recorder) = (self.caller.clone(), Arc::clone(self.recorder));
            let permit = Arc::clone(self.permits).try_acquire_owned();
            let mut keys = Keys::new(self.load.keys, index);
            let end = self.end;
            tokio::spawn(async move {
                let _until_it_ends = permit;
                let mut started = Instant::now();
                while started < end {
                    let outcome = caller.call(keys.next()).await;
                    let ended = Instant::now();
                    let failed = outcome.is_err();
                    recorder.record(index as usize, started, ended, outcome);
                    started = ended;
                    if failed {
                        sleep(FAILURE_PAUSE).await;
                        started = Instant::now();
                    }
                }
            });
        }
    }

    /// Makes each call when it is due, or as soon after as fewer calls are pending than may be. Its latency counts from when
    /// it was due in any case: a system that stalls is charged for the calls that it kept from being made.
    async fn open(&self, rate: f64, pace: impl AsyncFn(Instant)) {
        let due_at = |call: u64| self.start + Duration::from_secs_f64(call as f64 / rate);
        let mut keys = Keys::new(self.load.keys, 0);
        for call in 0_u64.. {
            let due = due_at(call);
            if due >= self.end {
                return;
            }
            if due > Instant::now() {
                pace(due).await;
            }
            let permit = timeout_at(self.limit, Arc::clone(self.permits).acquire_owned()).await;
            let Ok(permit) = permit else {
                let never_made = (call..).map(due_at).take_while(|due| *due < self.end);
                let counted = never_made
                    .filter(|due| self.recorder.measures(*due))
                    .count();
                self.recorder.record_unfinished(counted as u64);
                return;
            };
            let (caller, recorder) = (self.caller.clone(), Arc::clone(self.recorder));
            let key = keys.next();
            tokio::spawn(async move {
                let outcome = caller.call(key).await;
                recorder.record(call as usize, due, Instant::now(), outcome);
                drop(permit);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;
    use tokio::time::Instant;

    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    /// Answers after a millisecond, but for a time in which it answers nothing.
    #[derive(Clone)]
    struct Stalling {
        begin: Instant,
        end: Instant,
    }

    impl Caller for Stalling {
        async fn call(&self, _: Option<u64>) -> anyhow::Result<()> {
            sleep(MILLISECOND).await;
            if Instant::now() >= self.begin {
                sleep_until(self.end).await;
            }
            Ok(())
        }
    }

    /// It stalls for a second in the middle of ten.
    fn stalling() -> Stalling {
        let start = Instant::now();
        Stalling {
            begin: start + Duration::from_secs(5),
            end: start + Duration::from_secs(6),
        }
    }

    fn load(concurrency: u32, rate: Option<f64>) -> Load {
        Load {
            concurrency,
            rate,
            keys: None,
            warm_up: Duration::from_secs(1),
            measured: Duration::from_secs(9),
        }
    }

    async fn measured(caller: &impl Caller, load: &Load) -> Measured<Instant> {
        run(caller, load, sleep_until, Instant::now).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn an_open_loop_charges_a_stall_to_every_call_that_was_due_meanwhile() {
        let recorded = measured(&stalling(), &load(1_000, Some(100.0)))
            .await
            .recorded;
        assert_eq!((recorded.calls(), recorded.errors), (900, 0));
        let slow = recorded.slower_than(MILLISECOND * 500);
        assert!(
            (49..=51).contains(&slow),
            "{slow} calls were due in the first half of the stall"
        );
        let worst = recorded.quantile_us(1.0);
        assert!((990_000.0..1_010_000.0).contains(&worst), "{worst} µs");
    }

    #[tokio::test(start_paused = true)]
    async fn an_open_loop_that_may_not_make_a_call_in_time_charges_the_wait_too() {
        let recorded = measured(&stalling(), &load(1, Some(100.0))).await.recorded;
        assert_eq!((recorded.calls(), recorded.errors), (900, 0));
        let slow = recorded.slower_than(MILLISECOND * 500);
        // Those due after the stall also wait, until the backlog is made good.
        assert!((50..=62).contains(&slow), "{slow} calls");
    }

    #[tokio::test(start_paused = true)]
    async fn a_closed_loop_makes_a_callers_next_call_when_the_last_has_ended() {
        let recorded = measured(&stalling(), &load(4, None)).await.recorded;
        assert_eq!(
            recorded.slower_than(MILLISECOND * 500),
            4,
            "one call of each caller"
        );
        let rate = recorded.rate_per_s();
        // 8 of 9 seconds at a call a millisecond, or two: the timer rounds up.
        assert!((1_700.0..=3_600.0).contains(&rate), "{rate} a second");
    }

    #[tokio::test(start_paused = true)]
    async fn the_probe_is_asked_when_measuring_begins_and_ends() {
        let start = Instant::now();
        let measured = measured(&stalling(), &load(1, None)).await;
        let near = |moment: Instant, seconds: u64| {
            moment.duration_since(start + Duration::from_secs(seconds)) <= MILLISECOND * 2
        };
        assert!(near(measured.before, 1) && near(measured.after, 10));
    }

    /// Takes a call and never answers it.
    #[derive(Clone)]
    struct Silent;

    impl Caller for Silent {
        async fn call(&self, _: Option<u64>) -> anyhow::Result<()> {
            std::future::pending().await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn calls_without_an_outcome_are_errors_in_the_end() {
        let closed = measured(&Silent, &load(3, None)).await.recorded;
        assert_eq!((closed.calls(), closed.errors), (0, 3));

        let open = measured(&Silent, &load(10_000, Some(100.0))).await.recorded;
        assert_eq!(
            (open.calls(), open.errors),
            (0, 1_000),
            "those of the warm-up, too"
        );

        let full = measured(&Silent, &load(10, Some(100.0))).await.recorded;
        assert_eq!(
            (full.calls(), full.errors),
            (0, 910),
            "10 pending, 900 never made"
        );
    }

    #[derive(Clone)]
    struct Failing;

    impl Caller for Failing {
        async fn call(&self, _: Option<u64>) -> anyhow::Result<()> {
            bail!("refused")
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_fails_at_once_does_not_spin() {
        let recorded = measured(&Failing, &load(1, None)).await.recorded;
        assert_eq!(recorded.first_error.as_deref(), Some("refused"));
        assert!(
            (700..=900).contains(&recorded.errors),
            "{} errors",
            recorded.errors
        );
    }
}

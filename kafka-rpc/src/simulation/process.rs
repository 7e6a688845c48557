use std::cell::RefCell;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use pin_project_lite::pin_project;
use tokio::runtime::Handle;
use tokio::task::{AbortHandle, JoinHandle};

thread_local! {
    static CURRENT: RefCell<Option<Process>> = const { RefCell::new(None) };
}

/// A process of the simulation: tasks that end, or stand still, together. What its tasks begin is in
/// it, too.
#[derive(Clone, Debug)]
pub struct Process {
    shared: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    mode: Mode,
    /// Tasks that would have gone on while the process stands still.
    parked: Vec<Waker>,
    tasks: Vec<AbortHandle>,
    /// Above this, those that have ended are forgotten.
    sweep_at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Runs,
    Paused,
    Killed,
}

impl Process {
    /// A process without a task.
    #[allow(
        clippy::new_without_default,
        reason = "a process is begun, not assumed"
    )]
    pub fn new() -> Self {
        let state = State {
            mode: Mode::Runs,
            parked: Vec::new(),
            tasks: Vec::new(),
            sweep_at: 64,
        };
        Self {
            shared: Arc::new(Mutex::new(state)),
        }
    }

    /// Begins a task of the process.
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.spawn_on(&Handle::current(), task)
    }

    fn spawn_on<F>(&self, runtime: &Handle, task: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let task = runtime.spawn(Inside {
            process: self.clone(),
            task: Some(task),
        });
        let mut state = self.shared.lock();
        if state.mode == Mode::Killed {
            task.abort();
        } else {
            if state.tasks.len() >= state.sweep_at {
                state.tasks.retain(|task| !task.is_finished());
                state.sweep_at = 2 * state.tasks.len() + 64;
            }
            state.tasks.push(task.abort_handle());
        }
        task
    }

    /// Ends it as SIGKILL does: none of its tasks goes on, whatever it waits for.
    pub fn kill(&self) {
        let tasks = {
            let mut state = self.shared.lock();
            state.mode = Mode::Killed;
            state.parked.clear();
            std::mem::take(&mut state.tasks)
        };
        for task in tasks {
            task.abort();
        }
    }

    /// None of its tasks goes on until it is [resumed](Self::resume).
    pub fn pause(&self) {
        let mut state = self.shared.lock();
        if state.mode == Mode::Runs {
            state.mode = Mode::Paused;
        }
    }

    /// Its tasks go on.
    pub fn resume(&self) {
        let parked = {
            let mut state = self.shared.lock();
            if state.mode == Mode::Paused {
                state.mode = Mode::Runs;
            }
            std::mem::take(&mut state.parked)
        };
        parked.into_iter().for_each(Waker::wake);
    }

    /// Whether it was killed.
    pub fn is_killed(&self) -> bool {
        self.shared.lock().mode == Mode::Killed
    }

    /// How many tasks it has that have not ended.
    pub fn tasks(&self) -> usize {
        let mut state = self.shared.lock();
        state.tasks.retain(|task| !task.is_finished());
        state.tasks.len()
    }

    /// Does something as one of its tasks.
    pub(crate) fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        let around = CURRENT.replace(Some(self.clone()));
        let done = work();
        CURRENT.set(around);
        done
    }
}

/// The process of the present task.
pub(crate) fn current() -> Option<Process> {
    CURRENT.with_borrow(Clone::clone)
}

/// Begins a task of the present process, or of none.
pub fn spawn<F>(task: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    spawn_on(&Handle::current(), task)
}

pub(crate) fn spawn_on<F>(runtime: &Handle, task: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    match current() {
        Some(process) => process.spawn_on(runtime, task),
        None => runtime.spawn(task),
    }
}

pin_project! {
    /// A task of a process.
    struct Inside<F> {
        process: Process,
        #[pin]
        task: Option<F>,
    }

    impl<F> PinnedDrop for Inside<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let process = this.process.clone();
            process.within(|| this.task.set(None));
        }
    }
}

impl<F: Future> Future for Inside<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        {
            let mut state = this.process.shared.lock();
            match state.mode {
                Mode::Runs => {}
                Mode::Paused => {
                    state.parked.push(cx.waker().clone());
                    return Poll::Pending;
                }
                Mode::Killed => return Poll::Pending,
            }
        }
        match this.task.as_pin_mut() {
            Some(task) => this.process.within(|| task.poll(cx)),
            None => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::outside;

    /// Counts the tenths of a second in a task that another one began.
    fn clock(process: &Process) -> Arc<AtomicU32> {
        let tenths = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&tenths);
        process.spawn(async move {
            outside::spawn(async move {
                loop {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    counted.fetch_add(1, Ordering::Relaxed);
                }
            });
        });
        tenths
    }

    async fn seconds(seconds: u64) {
        tokio::time::sleep(Duration::from_millis(seconds * 1_000 + 50)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_tasks_of_a_process_begin_ends_with_it() {
        let process = Process::new();
        let tenths = clock(&process);
        seconds(1).await;
        assert_eq!((tenths.load(Ordering::Relaxed), process.tasks()), (10, 1));
        process.kill();
        seconds(1).await;
        assert_eq!((tenths.load(Ordering::Relaxed), process.tasks()), (10, 0));
        assert_eq!(Arc::strong_count(&tenths), 1, "it is kept");
        let late = process.spawn(async {});
        assert!(late.await.is_err(), "a task of a process that was killed");
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_stands_still_goes_on_where_it_was() {
        let process = Process::new();
        let tenths = clock(&process);
        seconds(1).await;
        process.pause();
        seconds(5).await;
        assert_eq!(tenths.load(Ordering::Relaxed), 10);
        process.resume();
        seconds(1).await;
        assert!((19..=21).contains(&tenths.load(Ordering::Relaxed)));
    }

    #[tokio::test(start_paused = true)]
    async fn tasks_of_no_process_are_the_runtimes() {
        assert!(outside::spawn(async { current().is_none() }).await.unwrap());
        let process = Process::new();
        assert!(process.spawn(async { current().is_some() }).await.unwrap());
    }
}

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use parking_lot::Mutex;
use pin_project_lite::pin_project;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::Instant;

thread_local! {
    static CURRENT: RefCell<Option<Process>> = const { RefCell::new(None) };
}

/// A process of the simulation: tasks that end, or stand still, together. What its tasks begin is in
/// it, too.
#[derive(Clone, Debug)]
pub struct Process {
    shared: Arc<Mutex<State>>,
    killed: Arc<Notify>,
}

#[derive(Debug)]
struct State {
    mode: Mode,
    /// Tasks that would have gone on while the process stands still.
    parked: Vec<Waker>,
    tasks: Vec<AbortHandle>,
    /// It is killed when one of its tasks has gone on so many times.
    doom: Option<u64>,
    /// Until when it reaches no broker.
    cut: Option<Instant>,
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
            cut: None,
            doom: None,
            sweep_at: 64,
        };
        Self {
            shared: Arc::new(Mutex::new(state)),
            killed: Arc::default(),
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
        self.killed.notify_one();
    }

    /// Kills it when one of its tasks has gone on so many times, wherever that is, and waits for it.
    pub async fn killed_after(&self, steps: u64) {
        self.shared.lock().doom = Some(steps);
        self.killed.notified().await;
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

    /// It reaches no broker for a time.
    pub fn cut(&self, time: Duration) {
        self.shared.lock().cut = Some(Instant::now() + time);
    }

    pub(crate) fn is_cut(&self) -> bool {
        let until = self.shared.lock().cut;
        until.is_some_and(|until| Instant::now() < until)
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
            let steps = state.doom.map(|steps| steps.checked_sub(1));
            if let Some(None) = steps {
                drop(state);
                this.process.kill();
                return Poll::Pending;
            }
            state.doom = steps.flatten();
        }
        match this.task.as_pin_mut() {
            Some(task) => this.process.within(|| task.poll(cx)),
            None => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests;

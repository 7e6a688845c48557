//! What comes from outside of the library: the wall clock, random ids, and where tasks run. In a
//! simulation all of that comes from its seed. The monotonic clock is tokio's everywhere, which a
//! simulation pauses.

use std::time::SystemTime;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use uuid::Uuid;

#[cfg(feature = "__simulated")]
use crate::simulation;

/// The time that the outside goes by.
pub(crate) fn wall_clock() -> SystemTime {
    #[cfg(feature = "__simulated")]
    if let Some(now) = simulation::wall_clock() {
        return now;
    }
    SystemTime::now()
}

/// Random bits, as a UUID of version 4.
pub(crate) fn random_id() -> Uuid {
    #[cfg(feature = "__simulated")]
    if let Some(id) = simulation::random_id() {
        return id;
    }
    Uuid::new_v4()
}

/// Begins a task of the present runtime.
pub(crate) fn spawn<F>(task: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    spawn_on(&Handle::current(), task)
}

/// Begins a task of a runtime.
pub(crate) fn spawn_on<F>(runtime: &Handle, task: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    #[cfg(feature = "__simulated")]
    return simulation::spawn_on(runtime, task);
    #[cfg(not(feature = "__simulated"))]
    runtime.spawn(task)
}

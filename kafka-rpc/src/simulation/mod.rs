//! Whole clients and servers in a simulation whose seed decides all that happens. Not part of the
//! interface: what is here changes and goes without notice.
//!
//! A simulation lives on one thread, with a runtime of its own whose clock is paused. Outside of one,
//! the feature that brings this changes nothing but a look at a thread's own variable, so that the
//! workspace's tests may be built with it.

mod broker;
mod bug;
mod chance;
mod open;
mod process;
mod scope;

pub use broker::Broker;
pub(crate) use bug::planted;
pub use bug::{Bug, plant};
pub use chance::Chance;
pub use open::pending;
pub use process::{Process, spawn};
pub(crate) use process::{current, spawn_on};
pub use scope::Scope;
pub(crate) use scope::{Hasher, random_id, wall_clock};

pub use crate::transport::simulated::{Faults, Open};

//! Holds the history of calls against what is promised of them.
//!
//! Whoever takes part tells what it does as an [`Event`]: clients that they call and how that ended, servers that a handler
//! begins and ends, and whoever breaks things what it does to whom. The events come from processes, which append them to files
//! by a [`History`], or from a simulation. [`check`] takes all of them, in their order, and finds what should not have been.

mod check;
mod history;

pub use check::{Allowance, Report, check};
pub use history::{Blow, Event, History, What, micros, read};

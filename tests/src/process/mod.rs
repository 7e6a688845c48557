//! Child processes that can't outlive the test that started them.

mod child;
mod printed;
mod run;
mod tethered;

pub use child::Child;
pub(crate) use run::run;
pub(crate) use tethered::Tethered;

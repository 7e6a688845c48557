//! Calls that take effect once: what is kept of them, where, and which of them are under way.

mod memory;
mod of_call;
mod recorded;
mod settings;
mod store;
mod under_way;

pub use self::memory::MemoryStore;
pub(super) use self::of_call::{Finality, OfCall};
pub(super) use self::settings::{Deduplication, check_deduplication};
pub use self::store::{DeduplicatedCall, DeduplicationStore};
pub(super) use self::under_way::{Turn, UnderWay};

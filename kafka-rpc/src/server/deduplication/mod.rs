//! Calls that take effect once: what is kept of them, where, and which of them are under way.

#[cfg(feature = "redb")]
mod disk;
mod memory;
mod of_call;
mod recorded;
mod settings;
mod store;
mod topics;
mod under_way;

#[cfg(feature = "redb")]
pub use self::disk::DiskStore;
pub use self::memory::MemoryStore;
pub(super) use self::of_call::{Finality, OfCall};
pub(super) use self::settings::{Deduplication, check_deduplication};
pub use self::store::{DeduplicatedCall, DeduplicationStore};
pub(super) use self::topics::{Known, Reading, RecordTopic, TopicStore};
pub(super) use self::under_way::{Turn, UnderWay};

//! Partitions that are stuck at records which can't be fetched or unpacked. librdkafka asks for them
//! again for ever, and tells of it or not.

mod extent;
mod probe;
mod suspects;
mod watchdog;

pub(super) use self::probe::{Evidence, Found};
pub(super) use self::suspects::Place;
pub(super) use self::watchdog::Watchdog;

use std::sync::OnceLock;

use super::broker::Broker;
use super::builder::Builder;

/// The one broker that the tests of a binary share, booted by the first of them, gone when the test process ends.
///
/// Tests keep apart by names of their own: [`unique`](crate::unique()).
///
/// # Panics
/// As [`Builder::start`] does; a broker that did not start is not tried again by the next test.
#[track_caller]
pub fn shared() -> &'static Broker {
    static SHARED: OnceLock<Result<Broker, String>> = OnceLock::new();
    match SHARED.get_or_init(|| Builder::new().try_start()) {
        Ok(broker) => broker,
        Err(why) => panic!("{why}"),
    }
}

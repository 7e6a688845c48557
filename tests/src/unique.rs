use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

/// A name that no other test has: `orders` becomes `orders-4711-3`.
///
/// Tests of one binary share a broker, so each takes its topics and groups under names of its own. The result is a legal
/// topic name where `name` is one.
pub fn unique(name: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!(
        "{name}-{}-{}",
        process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
}

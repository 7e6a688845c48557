use std::thread;
use std::time::{Duration, Instant};

/// Whether a condition comes true within a time limit; it is asked ten times a second.
#[must_use]
pub fn within(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    while !condition() {
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(Duration::from_millis(100));
    }
    true
}

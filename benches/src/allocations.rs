//! What this process has allocated in Rust, where the feature `count-allocations` is on. librdkafka's own memory comes from C's
//! `malloc` and is not in it.

use serde::{Deserialize, Serialize};

/// Since the process began.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Allocated {
    /// How often memory was asked for; to grow or shrink it counts as one.
    pub(crate) times: u64,
    /// Bytes asked for, whether or not they are given back by now.
    pub(crate) bytes: u64,
    /// Bytes not given back.
    pub(crate) live: u64,
}

/// `None` where nobody counts.
#[cfg(not(feature = "count-allocations"))]
pub(crate) fn allocated() -> Option<Allocated> {
    None
}

#[cfg(feature = "count-allocations")]
pub(crate) use counting::allocated;

#[cfg(feature = "count-allocations")]
#[allow(unsafe_code)]
mod counting {
    use std::alloc::{GlobalAlloc, Layout, System};
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::Allocated;

    #[global_allocator]
    static COUNTING: Counting = Counting {
        times: AtomicU64::new(0),
        asked_for: AtomicU64::new(0),
        given_back: AtomicU64::new(0),
    };

    struct Counting {
        times: AtomicU64,
        asked_for: AtomicU64,
        given_back: AtomicU64,
    }

    pub(crate) fn allocated() -> Option<Allocated> {
        // Read before the other: it is never over it.
        let given_back = COUNTING.given_back.load(Ordering::Relaxed);
        let bytes = COUNTING.asked_for.load(Ordering::Relaxed);
        Some(Allocated {
            times: COUNTING.times.load(Ordering::Relaxed),
            bytes,
            live: bytes.saturating_sub(given_back),
        })
    }

    impl Counting {
        fn asked(&self, bytes: usize) {
            self.times.fetch_add(1, Ordering::Relaxed);
            self.asked_for.fetch_add(bytes as u64, Ordering::Relaxed);
        }

        fn gave_back(&self, bytes: usize) {
            self.given_back.fetch_add(bytes as u64, Ordering::Relaxed);
        }
    }

    // SAFETY: all is done by the system's allocator; what is counted changes nothing of it.
    unsafe impl GlobalAlloc for Counting {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            self.asked(layout.size());
            // SAFETY: as the caller promises.
            unsafe { System.alloc(layout) }
        }

        unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
            self.asked(layout.size());
            // SAFETY: as the caller promises.
            unsafe { System.alloc_zeroed(layout) }
        }

        unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
            self.gave_back(layout.size());
            // SAFETY: as the caller promises.
            unsafe { System.dealloc(memory, layout) }
        }

        unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            self.gave_back(layout.size());
            self.asked(size);
            // SAFETY: as the caller promises.
            unsafe { System.realloc(memory, layout, size) }
        }
    }
}

#[cfg(all(test, feature = "count-allocations"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_live_until_it_is_dropped() {
        let before = allocated().unwrap();
        let kept = std::hint::black_box(vec![1_u8; 50_000_000]);
        let with = allocated().unwrap();
        drop(kept);
        let after = allocated().unwrap();
        assert!(with.times > before.times);
        assert!(with.bytes - before.bytes >= 50_000_000);
        // Other tests allocate at the same time, but not as much.
        assert!(with.live > before.live + 40_000_000, "{before:?} {with:?}");
        assert!(after.live < with.live - 40_000_000, "{with:?} {after:?}");
    }
}

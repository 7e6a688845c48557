//! When a request that was written nowhere is sent again, whatever the method's policy.

use std::time::Duration;

use crate::descriptor::Backoff;
use crate::transport::{Failure, Outgoing, Undelivered};
use crate::wire::idempotency_key;

/// How often a request is sent again.
const MOST: u32 = 8;

const BACKOFF: Backoff = Backoff {
    initial: Duration::from_millis(10),
    longest: Duration::from_millis(500),
    multiplier: 2.0,
    jitter: 0.2,
};

/// How long to wait before a request is sent again that was so often; `None` where it is not to be:
///
/// - it may be in its partition all the same,
/// - nothing will be better by then,
/// - it has a key, and later calls with its key might be before it. A key that only tells what its
///   repeats are is none of those.
pub(super) fn pause(undelivered: &Undelivered, resent: u32, seed: u64) -> Option<Duration> {
    let Undelivered { record, error } = undelivered;
    let passes = matches!(
        error.failure,
        Failure::Unreachable | Failure::QueueFull | Failure::Fatal
    );
    let may = error.unwritten && passes && !is_ordered(record) && resent < MOST;
    may.then(|| BACKOFF.pause(resent, seed))
}

fn is_ordered(record: &Outgoing) -> bool {
    match &record.key {
        Some(key) => idempotency_key(&record.headers) != Some(&**key),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::transport::TransportError;
    use crate::wire::Headers;

    fn undelivered(failure: Failure, unwritten: bool, key: Option<&'static str>) -> Undelivered {
        let error = TransportError::new(failure, "");
        Undelivered {
            record: Outgoing {
                topic: "t".into(),
                partition: Some(0),
                patient: false,
                key: key.map(Bytes::from),
                value: Bytes::new(),
                headers: Headers::new(),
            },
            error: if unwritten { error.unwritten() } else { error },
        }
    }

    #[test]
    fn what_is_written_nowhere_and_passes_is_sent_again() {
        for failure in [Failure::Unreachable, Failure::QueueFull, Failure::Fatal] {
            let lost = undelivered(failure, true, None);
            let pauses: Vec<_> = (0..=MOST).map(|resent| pause(&lost, resent, 1)).collect();
            assert!(pauses[..8].iter().all(Option::is_some), "{pauses:?}");
            assert_eq!(pauses[8], None);
            let all: Duration = pauses.into_iter().flatten().sum();
            assert!(
                all > Duration::from_secs(1) && all < Duration::from_secs(3),
                "{all:?}"
            );
        }
    }

    #[test]
    fn a_key_that_tells_repeats_is_no_order() {
        let mut lost = undelivered(Failure::QueueFull, true, Some("order-17"));
        lost.record.headers.push("rpc-idempotency-key", b"order-17");
        assert!(pause(&lost, 0, 1).is_some());
        lost.record.key = Some(Bytes::from_static(b"ada"));
        assert_eq!(pause(&lost, 0, 1), None);
    }

    #[test]
    fn what_may_be_written_has_a_key_or_does_not_pass_is_not_sent_again() {
        for lost in [
            undelivered(Failure::Unreachable, false, None),
            undelivered(Failure::QueueFull, true, Some("ada")),
            undelivered(Failure::Denied, true, None),
            undelivered(Failure::TooLarge, true, None),
            undelivered(Failure::Missing, true, None),
            undelivered(Failure::Config, true, None),
            undelivered(Failure::Other, true, None),
        ] {
            assert_eq!(pause(&lost, 0, 1), None, "{lost:?}");
        }
    }
}

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

/// How long a test waits for what has to happen.
const LIMIT: Duration = Duration::from_secs(20);
/// How often a condition is looked at.
const PAUSE: Duration = Duration::from_millis(2);

/// The outcome of a future that has to be ready within 20 seconds; `what` says in the panic's
/// message what was waited for.
///
/// # Panics
/// When it is not.
pub async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(LIMIT, future).await {
        Ok(outcome) => outcome,
        Err(_) => panic!("did not happen within {LIMIT:?}: {what}"),
    }
}

/// Polls a call once, by which it is sent where its method's topics are known.
///
/// # Panics
/// When the call is over by that.
pub async fn sent<F: Future>(call: &mut Pin<Box<F>>) {
    let pending = poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending())).await;
    assert!(pending, "the call is over already");
}

/// Waits until a condition holds, which has to be within 20 seconds.
///
/// # Panics
/// When it does not.
pub async fn until(what: &str, condition: impl FnMut() -> bool) {
    until_within(LIMIT, what, condition).await;
}

/// As [`until`], within another time.
///
/// # Panics
/// When it does not.
pub async fn until_within(limit: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + limit;
    while !condition() {
        assert!(
            Instant::now() < deadline,
            "did not happen within {limit:?}: {what}"
        );
        tokio::time::sleep(PAUSE).await;
    }
}

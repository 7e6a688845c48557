use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::time::{sleep, timeout};

use super::recorded::{decode, encode};
use super::store::{DeduplicatedCall, DeduplicationStore};
use crate::call::{BoxError, Code, Recorded, Recorder, Status};
use crate::descriptor::Redelivery;
use crate::telemetry;

/// How long a store may take to find or to keep a record.
const STORE_LIMIT: Duration = Duration::from_secs(10);
/// A record that can't be kept is tried again after this long at first …
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// … and after this long at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Finds and keeps the record of one call.
pub(in crate::server) struct OfCall {
    store: Arc<dyn DeduplicationStore>,
    call: DeduplicatedCall,
    finality: Finality,
}

/// Which outcomes of a call are its end.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::server) struct Finality {
    /// How failures are handled again.
    pub(in crate::server) redelivery: Option<Redelivery>,
    /// Whether every failure becomes a dead letter, whose replay shall run.
    pub(in crate::server) buries_failures: bool,
}

impl Finality {
    /// Whether a call that ends so is not to run again. A handler that says that it was not able to
    /// has not come to an end.
    fn is_final(&self, code: Code) -> bool {
        match code {
            Code::Ok => true,
            Code::Unavailable
            | Code::Aborted
            | Code::ResourceExhausted
            | Code::Cancelled
            | Code::DeadlineExceeded => false,
            code => {
                !self.buries_failures && !self.redelivery.is_some_and(|again| again.retries(code))
            }
        }
    }
}

impl OfCall {
    pub(in crate::server) fn new(
        store: Arc<dyn DeduplicationStore>,
        call: DeduplicatedCall,
        finality: Finality,
    ) -> Self {
        Self {
            store,
            call,
            finality,
        }
    }
}

#[async_trait]
impl Recorder for OfCall {
    async fn find(&self, message: &Bytes) -> Result<Option<Recorded>, Status> {
        #[cfg(feature = "__simulated")]
        if crate::simulation::planted(crate::simulation::Bug::RecordsIgnored) {
            return Ok(None);
        }
        let found = in_time(self.store.find(&self.call)).await;
        let record = found.map_err(|error| {
            telemetry::deduplication_failed("find");
            tracing::warn!(call = ?self.call, %error, "whether a call was made before can't be told");
            Status::unavailable(format!(
                "whether the call was made before can't be told, so it was not handled: {error}"
            ))
        })?;
        let Some(record) = record else {
            return Ok(None);
        };
        telemetry::deduplicated(self.call.method);
        decode(record, message).map(Some)
    }

    async fn keep(&self, message: &Bytes, outcome: Recorded) -> Recorded {
        let code = outcome.as_ref().map_or_else(Status::code, |_| Code::Ok);
        if !self.finality.is_final(code) {
            return outcome;
        }
        let record = encode(message, outcome.as_ref());
        let mut pause = FIRST_PAUSE;
        while let Err(error) = in_time(self.store.keep(&self.call, record.clone())).await {
            telemetry::deduplication_failed("keep");
            tracing::error!(
                call = ?self.call, %error,
                "what a call came to can't be recorded; it is tried again"
            );
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        outcome
    }
}

async fn in_time<T>(asked: impl Future<Output = Result<T, BoxError>>) -> Result<T, BoxError> {
    match timeout(STORE_LIMIT, asked).await {
        Ok(answer) => answer,
        Err(_) => Err("the store did not answer in time".into()),
    }
}

impl std::fmt::Debug for OfCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.call.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;
    use crate::call::{Body, Response};

    /// Fails so often, and keeps what it is given then.
    #[derive(Default)]
    struct Failing {
        failures: Mutex<u32>,
        kept: Mutex<Option<Bytes>>,
    }

    impl Failing {
        fn fail(&self) -> Result<(), BoxError> {
            let mut failures = self.failures.lock();
            if *failures > 0 {
                *failures -= 1;
                return Err("the disk is full".into());
            }
            Ok(())
        }
    }

    #[async_trait]
    impl DeduplicationStore for Failing {
        async fn find(&self, _: &DeduplicatedCall) -> Result<Option<Bytes>, BoxError> {
            self.fail()?;
            Ok(self.kept.lock().clone())
        }

        async fn keep(&self, _: &DeduplicatedCall, record: Bytes) -> Result<(), BoxError> {
            self.fail()?;
            *self.kept.lock() = Some(record);
            Ok(())
        }
    }

    fn of_call(failures: u32, finality: Finality) -> (Arc<Failing>, OfCall) {
        let store = Arc::new(Failing {
            failures: Mutex::new(failures),
            ..Failing::default()
        });
        let call = DeduplicatedCall {
            method: "a.B/C",
            key: "1".parse().expect("a key"),
            topic: "a.B.C".into(),
            partition: 0,
        };
        (Arc::clone(&store), OfCall::new(store, call, finality))
    }

    const MESSAGE: Bytes = Bytes::from_static(b"4.00 EUR");

    #[tokio::test(start_paused = true)]
    async fn a_record_is_tried_until_it_is_kept() {
        let (store, call) = of_call(5, Finality::default());
        let response = Response::new(Body::new(&b"paid"[..]));
        let given_back = call.keep(&MESSAGE, Ok(response)).await;
        assert!(given_back.is_ok());
        assert!(store.kept.lock().is_some());
        let found = call.find(&MESSAGE).await.unwrap().expect("it is recorded");
        assert_eq!(found.unwrap().get_ref().as_bytes(), b"paid");
    }

    #[tokio::test]
    async fn a_store_that_can_not_tell_makes_the_call_unavailable() {
        let (_, call) = of_call(1, Finality::default());
        let status = call.find(&MESSAGE).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert!(call.find(&MESSAGE).await.unwrap().is_none());
    }

    async fn is_kept(code: Code, finality: Finality) -> bool {
        let (store, call) = of_call(0, finality);
        let given_back = call.keep(&MESSAGE, Err(Status::new(code, "no"))).await;
        assert_eq!(given_back.unwrap_err().code(), code);
        store.kept.lock().is_some()
    }

    #[tokio::test]
    async fn what_says_that_it_may_be_tried_again_is_not_recorded() {
        let again = [
            Code::Unavailable,
            Code::Aborted,
            Code::ResourceExhausted,
            Code::Cancelled,
            Code::DeadlineExceeded,
        ];
        for number in 1..=16 {
            let code = Code::from(number);
            let kept = is_kept(code, Finality::default()).await;
            assert_eq!(kept, !again.contains(&code), "{code:?}");
        }
    }

    #[tokio::test]
    async fn what_is_handled_again_or_becomes_a_dead_letter_is_not_recorded() {
        const INTERNAL: &[Code] = &[Code::Internal];
        let again = Finality {
            redelivery: Some(Redelivery::new().codes(INTERNAL)),
            ..Finality::default()
        };
        assert!(!is_kept(Code::Internal, again).await);
        assert!(is_kept(Code::NotFound, again).await);
        let buried = Finality {
            buries_failures: true,
            ..Finality::default()
        };
        assert!(!is_kept(Code::NotFound, buried).await);
    }
}

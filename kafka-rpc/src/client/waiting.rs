use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep_until};

use super::pending::PendingCalls;
use crate::call::{Deadline, Status};
use crate::wire::MessageHead;

/// How a call ended.
pub(super) type Outcome = Result<(MessageHead, Bytes), Status>;
type Waiter = oneshot::Sender<Outcome>;

/// The channel's pending calls, each with somebody who waits for its outcome.
///
/// Whoever takes a call out of the table decides its outcome, so there is exactly one.
pub(super) struct WaitingCalls {
    table: Mutex<PendingCalls<Waiter>>,
    /// Wakes [`WaitingCalls::expire`] when a deadline is earlier than all before.
    earlier: Notify,
    limit: usize,
}

impl WaitingCalls {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            table: Mutex::new(PendingCalls::new(limit)),
            earlier: Notify::new(),
            limit,
        })
    }

    /// Adds a call and returns the end at which its outcome arrives.
    pub(super) fn add(
        &self,
        id: u128,
        deadline: Deadline,
    ) -> Result<oneshot::Receiver<Outcome>, Status> {
        let (waiter, outcome) = oneshot::channel();
        let inserted = self.table.lock().insert(id, deadline.instant(), waiter);
        match inserted {
            Ok(true) => self.earlier.notify_one(),
            Ok(false) => {}
            Err(_waiter) => {
                return Err(Status::resource_exhausted(format!(
                    "{} calls are pending, which is the channel's limit",
                    self.limit
                )));
            }
        }
        Ok(outcome)
    }

    /// Ends a call. False when it has ended before.
    pub(super) fn end(&self, id: u128, outcome: Outcome) -> bool {
        let waiter = self.table.lock().complete(id);
        match waiter {
            Some(waiter) => {
                // The caller may be gone by now: then nobody wants to know.
                let _unwanted = waiter.send(outcome);
                true
            }
            None => false,
        }
    }

    /// Ends many calls with one turn of the lock; returns how many had ended before.
    pub(super) fn end_all(&self, outcomes: &mut Vec<(u128, Outcome)>) -> usize {
        let waiters: Vec<Option<Waiter>> = {
            let mut table = self.table.lock();
            outcomes.iter().map(|(id, _)| table.complete(*id)).collect()
        };
        let mut unknown = 0;
        for (waiter, (_, outcome)) in waiters.into_iter().zip(outcomes.drain(..)) {
            match waiter {
                Some(waiter) => {
                    let _unwanted = waiter.send(outcome);
                }
                None => unknown += 1,
            }
        }
        unknown
    }

    /// Forgets a call that nobody waits for any more. False when it has ended before.
    pub(super) fn abandon(&self, id: u128) -> bool {
        self.table.lock().complete(id).is_some()
    }

    /// Ends calls whose deadline has passed, for ever.
    pub(super) async fn expire(self: Arc<Self>) {
        let mut expired = Vec::new();
        loop {
            let next = {
                let mut table = self.table.lock();
                table.expire(Instant::now(), &mut expired);
                table.next_deadline()
            };
            for waiter in expired.drain(..) {
                let _unwanted = waiter.send(Err(deadline_exceeded()));
            }
            match next {
                None => self.earlier.notified().await,
                Some(next) => {
                    tokio::select! {
                        () = sleep_until(next) => {}
                        () = self.earlier.notified() => {}
                    }
                }
            }
        }
    }
}

/// What a caller is told whose deadline passed.
pub(super) fn deadline_exceeded() -> Status {
    Status::deadline_exceeded("no reply came before the deadline")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::call::Code;

    #[tokio::test(start_paused = true)]
    async fn each_call_ends_at_its_own_deadline_whatever_the_order_of_arrival() {
        let calls = WaitingCalls::new(10);
        let expiry = tokio::spawn(Arc::clone(&calls).expire());
        let start = Instant::now();
        let waits: Vec<_> = [300_u64, 100, 200]
            .into_iter()
            .enumerate()
            .map(|(id, millis)| {
                let deadline = Deadline::after(Duration::from_millis(millis));
                let outcome = calls.add(id as u128, deadline).unwrap();
                tokio::spawn(async move {
                    let status = outcome.await.unwrap().unwrap_err();
                    (status.code(), start.elapsed().as_millis(), u128::from(millis))
                })
            })
            .collect();
        for wait in waits {
            let (code, after, due) = wait.await.unwrap();
            assert_eq!(code, Code::DeadlineExceeded);
            assert!((due..=due + 2).contains(&after), "due {due}, ended {after}");
        }
        expiry.abort();
    }

    #[tokio::test]
    async fn a_call_over_the_limit_is_refused_and_the_others_stay() {
        let calls = WaitingCalls::new(1);
        let deadline = Deadline::after(Duration::from_secs(1));
        let first = calls.add(1, deadline).unwrap();
        let refused = calls.add(2, deadline).unwrap_err();
        assert_eq!(refused.code(), Code::ResourceExhausted);
        assert!(calls.end(1, Err(Status::aborted("over"))));
        assert_eq!(first.await.unwrap().unwrap_err().code(), Code::Aborted);
        assert!(!calls.end(1, Err(Status::aborted("again"))));
    }
}

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep_until};

use super::pending::PendingCalls;
use super::replies::not_sent;
use crate::call::{Deadline, Status};
use crate::transport::Undelivered;
use crate::wire::MessageHead;

/// How a call ended.
pub(super) type Outcome = Result<(MessageHead, Bytes), Status>;

/// What becomes of a request that was sent.
#[derive(Debug)]
pub(super) enum Fate {
    /// Its call has ended.
    Ended(Outcome),
    /// All of it was given back. Whether it is in a partition all the same, the error says.
    Undelivered(Box<Undelivered>),
}

impl Fate {
    /// How the call ended, where nothing is sent again.
    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self::Ended(outcome) => outcome,
            Self::Undelivered(undelivered) => Err(not_sent(&undelivered.error)),
        }
    }
}

impl From<Status> for Fate {
    fn from(status: Status) -> Self {
        Self::Ended(Err(status))
    }
}

type Waiter = oneshot::Sender<Fate>;
/// A call and its outcome, which is to be told.
pub(super) type Ended = (Waiter, Outcome);

/// The channel's pending calls, each with somebody who waits for its outcome.
///
/// Whoever takes a call out of the table decides its outcome, so there is exactly one.
pub(super) struct WaitingCalls {
    /// `None` once nobody would end calls at their deadline.
    table: Mutex<Option<PendingCalls<Waiter>>>,
    /// Wakes [`WaitingCalls::expire`] when a deadline is earlier than all before.
    earlier: Notify,
    limit: usize,
}

impl WaitingCalls {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            table: Mutex::new(Some(PendingCalls::new(limit))),
            earlier: Notify::new(),
            limit,
        })
    }

    #[cfg(feature = "__simulated")]
    pub(super) fn count(&self) -> usize {
        self.table.lock().as_ref().map_or(0, PendingCalls::len)
    }

    /// Adds a call and returns the end at which its outcome arrives.
    pub(super) fn add(
        &self,
        id: u128,
        deadline: Deadline,
    ) -> Result<oneshot::Receiver<Fate>, Status> {
        let (waiter, outcome) = oneshot::channel();
        let inserted = self
            .table
            .lock()
            .as_mut()
            .map(|table| table.insert(id, deadline.instant(), waiter));
        match inserted {
            Some(Ok(true)) => self.earlier.notify_one(),
            Some(Ok(false)) => {}
            None => return Err(runtime_ended()),
            Some(Err(_waiter)) => {
                return Err(Status::resource_exhausted(format!(
                    "{} calls are pending, which is the channel's limit",
                    self.limit
                )));
            }
        }
        Ok(outcome)
    }

    /// Ends a call. False when it has ended before.
    pub(super) fn end(&self, id: u128, fate: Fate) -> bool {
        match self.take(id) {
            Some(waiter) => {
                // The caller may be gone by now: then nobody wants to know.
                let _unwanted = waiter.send(fate);
                true
            }
            None => false,
        }
    }

    /// Ends many calls with one turn of the lock; returns how many had ended before.
    /// Leaves `ended` empty, which is for its room only.
    pub(super) fn end_all(
        &self,
        outcomes: &mut Vec<(u128, Outcome)>,
        ended: &mut Vec<Ended>,
    ) -> usize {
        let known = outcomes.len();
        if let Some(table) = self.table.lock().as_mut() {
            for (id, outcome) in outcomes.drain(..) {
                ended.extend(table.complete(id).map(|waiter| (waiter, outcome)));
            }
        }
        outcomes.clear();
        let unknown = known - ended.len();
        for (waiter, outcome) in ended.drain(..) {
            let _unwanted = waiter.send(Fate::Ended(outcome));
        }
        unknown
    }

    /// Forgets a call that nobody waits for any more. False when it has ended before.
    pub(super) fn abandon(&self, id: u128) -> bool {
        #[cfg(feature = "__simulated")]
        if crate::simulation::planted(crate::simulation::Bug::PendingKept) {
            return true;
        }
        self.take(id).is_some()
    }

    fn take(&self, id: u128) -> Option<Waiter> {
        self.table.lock().as_mut()?.complete(id)
    }

    /// Ends calls whose deadline has passed, for ever. When this is dropped, the calls that still
    /// wait end, and no other is taken.
    pub(super) async fn expire(self: Arc<Self>) {
        let _close = CloseOnDrop(&self);
        let mut expired = Vec::new();
        loop {
            let next = {
                let mut table = self.table.lock();
                let Some(table) = table.as_mut() else { return };
                table.expire(Instant::now(), &mut expired);
                table.next_deadline()
            };
            for waiter in expired.drain(..) {
                let _unwanted = waiter.send(deadline_exceeded().into());
            }
            match next {
                None => self.earlier.notified().await,
                Some(next) => {
                    tokio::select! {
                        biased;
                        () = sleep_until(next) => {}
                        () = self.earlier.notified() => {}
                    }
                }
            }
        }
    }
}

struct CloseOnDrop<'a>(&'a WaitingCalls);

impl Drop for CloseOnDrop<'_> {
    fn drop(&mut self) {
        let table = self.0.table.lock().take();
        for waiter in table.map(|mut table| table.drain()).unwrap_or_default() {
            let _unwanted = waiter.send(runtime_ended().into());
        }
    }
}

fn runtime_ended() -> Status {
    Status::unavailable("the runtime on which the channel was connected has ended")
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
                    let status = outcome.await.unwrap().outcome().unwrap_err();
                    (
                        status.code(),
                        start.elapsed().as_millis(),
                        u128::from(millis),
                    )
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
    async fn every_call_ends_when_the_channels_runtime_does() {
        let calls = WaitingCalls::new(10);
        let deadline = Deadline::after(Duration::from_secs(60));
        let pending = calls.add(1, deadline).unwrap();
        let expiry = tokio::spawn(Arc::clone(&calls).expire());
        tokio::task::yield_now().await;
        expiry.abort();
        assert_eq!(
            pending.await.unwrap().outcome().unwrap_err().code(),
            Code::Unavailable
        );
        assert_eq!(
            calls.add(2, deadline).unwrap_err().code(),
            Code::Unavailable
        );
    }

    #[tokio::test]
    async fn a_call_over_the_limit_is_refused_and_the_others_stay() {
        let calls = WaitingCalls::new(1);
        let deadline = Deadline::after(Duration::from_secs(1));
        let first = calls.add(1, deadline).unwrap();
        let refused = calls.add(2, deadline).unwrap_err();
        assert_eq!(refused.code(), Code::ResourceExhausted);
        assert!(calls.end(1, Status::aborted("over").into()));
        assert_eq!(
            first.await.unwrap().outcome().unwrap_err().code(),
            Code::Aborted
        );
        assert!(!calls.end(1, Status::aborted("again").into()));
    }
}

//! One request, and what comes of it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep};

use super::{resending, timer};
use crate::call::{Deadline, Status};
use crate::client::caller::Caller;
use crate::client::records;
use crate::client::replies::not_sent;
use crate::client::route::Route;
use crate::client::waiting::{Fate, Outcome};
use crate::telemetry;
use crate::transport::{Outgoing, Undelivered};
use crate::wire::CorrelationId;

/// A request that is under way. To drop it before its outcome cancels the call at the server.
pub(in crate::client) struct Exchange {
    cancel: CancelOnDrop,
    deadline: Deadline,
    fate: oneshot::Receiver<Fate>,
    /// A request that was written nowhere so far.
    resending: Option<Box<Resending>>,
}

struct Resending {
    /// `None` when it was sent again.
    record: Option<Outgoing>,
    pause: Pin<Box<Sleep>>,
    times: u32,
}

impl Exchange {
    /// Sends a request.
    pub(in crate::client) fn begin(
        caller: &Arc<Caller>,
        route: Arc<Route>,
        uuid: u128,
        deadline: Deadline,
        record: Outgoing,
    ) -> Result<Self, Status> {
        let fate = caller.waiting().add(uuid, deadline)?;
        // The guard must exist before the send: from then on the server may be at work.
        let cancel = CancelOnDrop {
            caller: Arc::clone(caller),
            route,
            uuid,
            partition: record.partition,
            patient: record.patient,
            key: record.key.clone(),
            armed: true,
        };
        cancel.send(record);
        Ok(Self {
            cancel,
            deadline,
            fate,
            resending: None,
        })
    }

    /// The outcome, once it is there. Not to be asked for again then.
    pub(in crate::client) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        loop {
            if self.resending.is_some() {
                ready!(self.poll_resend(cx))?;
            }
            let outcome = match ready!(Pin::new(&mut self.fate).poll(cx)) {
                Ok(Fate::Ended(outcome)) => outcome,
                Ok(Fate::Undelivered(undelivered)) => match self.postpone(*undelivered) {
                    Ok(()) => continue,
                    Err(status) => Err(status),
                },
                Err(_) => Err(Status::internal("a pending call was lost")),
            };
            self.cancel.armed = false;
            return Poll::Ready(outcome);
        }
    }

    /// Has a request sent again, where that is safe and of use.
    fn postpone(&mut self, undelivered: Undelivered) -> Result<(), Status> {
        let times = (self.resending.as_ref()).map_or(0, |resending| resending.times);
        let seed = self.cancel.uuid as u64;
        let again = resending::pause(&undelivered, times, seed)
            .map(|pause| Instant::now() + pause)
            .filter(|at| *at < self.deadline.instant())
            .and_then(timer);
        let Some(pause) = again else {
            return Err(not_sent(&undelivered.error));
        };
        tracing::debug!(error = %undelivered.error, "the request is sent again");
        telemetry::request_resent();
        self.resending = Some(Box::new(Resending {
            record: Some(undelivered.record),
            pause,
            times: times + 1,
        }));
        Ok(())
    }

    fn poll_resend(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        let Some(resending) = &mut self.resending else {
            return Poll::Ready(Ok(()));
        };
        if resending.record.is_none() {
            return Poll::Ready(Ok(()));
        }
        ready!(resending.pause.as_mut().poll(cx));
        if let Some(record) = resending.record.take() {
            let record = records::once_more(record, self.deadline.remaining())?;
            self.fate = (self.cancel.caller.waiting()).add(self.cancel.uuid, self.deadline)?;
            self.cancel.send(record);
        }
        Poll::Ready(Ok(()))
    }
}

/// Tells the server that nobody waits any more.
struct CancelOnDrop {
    caller: Arc<Caller>,
    route: Arc<Route>,
    uuid: u128,
    partition: Option<i32>,
    /// As the request is: they have to stay in order.
    patient: bool,
    key: Option<Bytes>,
    armed: bool,
}

impl CancelOnDrop {
    fn send(&self, record: Outgoing) {
        if let Err(refused) = self.caller.producer().send(record, None) {
            (self.caller.waiting()).end(self.uuid, Fate::Undelivered(refused));
        }
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if !self.armed || !self.caller.waiting().abandon(self.uuid) {
            return;
        }
        let id = CorrelationId::from_uuid(self.uuid);
        let topic = &self.route.request;
        let Ok(record) = records::cancel(id, topic, self.partition, self.patient, self.key.take())
        else {
            return;
        };
        if let Err(refused) = self.caller.producer().send(record, None) {
            tracing::debug!(error = %refused.error, "a cancel could not be sent");
            telemetry::cancel_lost();
        }
    }
}

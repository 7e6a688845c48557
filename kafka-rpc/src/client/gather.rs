//! Calls that go to all live instances of a server, and what these answer.

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep, sleep_until};

use super::call::Shown;
use super::caller::Caller;
use super::records::{self, Envelope, received};
use super::replies::not_sent;
use super::streams::Begin;
use super::waiting::Outcome;
use crate::call::{Answer, Body, Deadline, RawAnswers, Status, Wanted};
use crate::hashing::HashMap;
use crate::outside;
use crate::telemetry;
use crate::transport::Outgoing;
use crate::wire::CorrelationId;

/// The most answers of one call that wait to be read.
const WAITING: usize = 1024;

type Raw = Answer<Body>;

/// The open calls of a channel that go to all instances.
#[derive(Default)]
pub(super) struct Gathers {
    open: Mutex<HashMap<u128, mpsc::Sender<Raw>>>,
    /// How many those are, for those who only ask whether there are any.
    count: AtomicUsize,
}

impl Gathers {
    fn add(&self, id: u128, limit: usize) -> Result<mpsc::Receiver<Raw>, Status> {
        let mut open = self.open.lock();
        if open.len() >= limit {
            return Err(Status::resource_exhausted(format!(
                "{limit} streams are open, which is the channel's limit"
            )));
        }
        let (sender, receiver) = mpsc::channel(WAITING);
        open.insert(id, sender);
        self.count.store(open.len(), Ordering::Release);
        Ok(receiver)
    }

    #[cfg(feature = "__simulated")]
    pub(super) fn count(&self) -> usize {
        self.open.lock().len()
    }

    fn remove(&self, id: u128) -> bool {
        let mut open = self.open.lock();
        let removed = open.remove(&id).is_some();
        self.count.store(open.len(), Ordering::Release);
        removed
    }

    pub(super) fn knows(&self, id: u128) -> bool {
        self.count.load(Ordering::Acquire) > 0 && self.open.lock().contains_key(&id)
    }

    /// Takes what an instance answers. Of a reader that is a thousand answers behind it is dropped,
    /// and counted as a reply that nobody waits for.
    pub(super) fn answer(&self, id: u128, instance: Arc<str>, outcome: Outcome) {
        let Some(sender) = self.open.lock().get(&id).cloned() else {
            return;
        };
        let answer = Answer::new(instance, received(Some(outcome)));
        if sender.try_send(answer).is_err() {
            telemetry::orphaned_replies(1);
        }
    }

    /// The request could not be written: nobody will answer.
    pub(super) fn fail(&self, id: u128, status: Status) -> bool {
        let sender = self.open.lock().remove(&id);
        let Some(sender) = sender else {
            return false;
        };
        // A full queue has what there is.
        let _unread = sender.try_send(Answer::new("".into(), Err(status)));
        true
    }
}

/// The answers of one call. To drop it tells the instances that nobody waits any more.
pub(super) struct Gather {
    caller: Arc<Caller>,
    id: u128,
    cancel: Outgoing,
    answers: mpsc::Receiver<Raw>,
    /// Those that have answered: a reply may come twice.
    answered: HashSet<Arc<str>>,
    /// How many answers are wanted yet, where that was said.
    wanted: Option<usize>,
    deadline: Pin<Box<Sleep>>,
    shown: Option<Shown>,
}

impl Gather {
    /// Sends the request.
    pub(super) fn begin(
        caller: &Arc<Caller>,
        begin: Begin,
        now: Instant,
    ) -> Result<Self, (Status, Shown)> {
        let Begin {
            method,
            route,
            deadline,
            parts,
            body,
            shown,
        } = begin;
        let uuid = outside::random_id().as_u128();
        let wanted = match parts.wanted {
            Wanted::Answers(count) => Some(count),
            Wanted::Usual | Wanted::Receipt => None,
        };
        let id = CorrelationId::from_uuid(uuid);
        let envelope = Envelope {
            method,
            route: &route,
            to: route.destination(parts.key.as_deref(), now),
            id,
            timeout: deadline.instant().saturating_duration_since(now),
            stream: None,
        };
        let sent = records::request(&envelope, parts, body)
            .and_then(|record| {
                let key = record.key.clone();
                let cancel =
                    records::cancel(id, &record.topic, record.partition, record.patient, key)?;
                Ok((cancel, record))
            })
            .and_then(|(cancel, record)| {
                let limit = caller.streams().settings().limit;
                let answers = caller.gathers().add(uuid, limit)?;
                match caller.producer().send(record, None) {
                    Ok(()) => Ok((cancel, answers)),
                    Err(refused) => {
                        caller.gathers().remove(uuid);
                        Err(not_sent(&refused.error))
                    }
                }
            });
        match sent {
            Ok((cancel, answers)) => Ok(Self {
                caller: Arc::clone(caller),
                id: uuid,
                cancel,
                answers,
                answered: HashSet::new(),
                wanted,
                deadline: wait(deadline),
                shown: Some(shown),
            }),
            Err(status) => Err((status, shown)),
        }
    }

    fn end(&mut self) {
        if let Some(shown) = self.shown.take() {
            shown.show(Ok(()));
        }
        self.answers.close();
    }
}

fn wait(deadline: Deadline) -> Pin<Box<Sleep>> {
    Box::pin(sleep_until(deadline.instant()))
}

impl RawAnswers for Gather {
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Raw>> {
        let gather = &mut *self;
        loop {
            if gather.shown.is_none() {
                return Poll::Ready(None);
            }
            if gather.wanted == Some(0) {
                gather.end();
                return Poll::Ready(None);
            }
            match gather.answers.poll_recv(cx) {
                Poll::Ready(Some(answer)) => {
                    let instance: Arc<str> = answer.instance().into();
                    if !instance.is_empty() && !gather.answered.insert(instance) {
                        continue;
                    }
                    gather.wanted = gather.wanted.map(|wanted| wanted - 1);
                    return Poll::Ready(Some(answer));
                }
                Poll::Ready(None) => {
                    gather.end();
                    return Poll::Ready(None);
                }
                Poll::Pending => {
                    if gather.deadline.as_mut().poll(cx).is_pending() {
                        return Poll::Pending;
                    }
                    // They ended by themselves.
                    gather.caller.gathers().remove(gather.id);
                    gather.end();
                    return Poll::Ready(None);
                }
            }
        }
    }
}

impl Drop for Gather {
    fn drop(&mut self) {
        if !self.caller.gathers().remove(self.id) {
            return;
        }
        if let Err(refused) = self.caller.producer().send(self.cancel.clone(), None) {
            tracing::debug!(error = %refused.error, "a cancel could not be sent");
            telemetry::cancel_lost();
        }
    }
}

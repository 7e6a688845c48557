//! Handling calls again, and writing dead letters until each is acknowledged.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::replies::Way;
use super::{Calls, Work};
use crate::outside;
use crate::server::dead_letters::{Letter, shrink};
use crate::server::dispatch::Ticket;
use crate::server::handler::Handler;
use crate::server::router::Call;
use crate::telemetry;
use crate::transport::{Failure, Outgoing, Undelivered};

/// A letter that can't be written is tried again after this long, where that may pass by itself …
const PASSING_PAUSE: Duration = Duration::from_millis(100);
/// … and after this long where somebody has to do something about it.
const LASTING_PAUSE: Duration = Duration::from_secs(1);

impl<S: Handler> Calls<S> {
    /// A call waits without a permit until it is due. False where it was to end: its caller has
    /// cancelled it.
    pub(super) fn postpone(&self, ticket: Ticket, due: Instant, call: Box<Call>) -> bool {
        let bytes = match &call.kept {
            Some(kept) => kept.bytes(),
            None => call.asked.as_ref().map_or(0, |asked| asked.body.len()),
        };
        let mut dispatch = self.dispatch.lock();
        let aborted = self.handlers.lock().remove(&ticket);
        if aborted.is_some_and(|handler| handler.cancelled || handler.abort.is_aborted()) {
            return false;
        }
        // Where it is given back it is the next owner's.
        drop(dispatch.postpone(ticket, due, bytes, Work::Handle(call)));
        true
    }

    /// Writes a dead letter; its call is settled when it is acknowledged, and its reply, if there is
    /// one.
    pub(super) fn bury(self: &Arc<Self>, ticket: Ticket, letter: Letter, reply: Option<Outgoing>) {
        telemetry::dead_letter(&letter.record.topic, letter.cause);
        self.dispatch.lock().hold(ticket, letter.bytes());
        if reply.is_some() {
            self.unusual.lock().owes_two(ticket);
        }
        self.send_letter(ticket, letter.into_record(&self.instance));
        if let Some(reply) = reply {
            self.reply(ticket, reply);
        }
    }

    fn send_letter(self: &Arc<Self>, ticket: Ticket, record: Outgoing) {
        if let Err(undelivered) = self.send(ticket, record, Way::WithOffset) {
            self.letter_not_delivered(ticket, *undelivered);
        }
    }

    /// A letter is never given up while its partition is ours: what it holds pauses that in the end.
    pub(super) fn letter_not_delivered(self: &Arc<Self>, ticket: Ticket, undelivered: Undelivered) {
        let Undelivered { mut record, error } = undelivered;
        let (_, new) = self.unusual.lock().fails(ticket, Instant::now());
        let pause = match error.failure {
            Failure::TooLarge if shrink(&mut record) => Duration::ZERO,
            Failure::Unreachable | Failure::QueueFull | Failure::Fatal => PASSING_PAUSE,
            _ => LASTING_PAUSE,
        };
        if new {
            tracing::error!(%error, topic = &*record.topic, "a dead letter can't be written; it is tried again");
        }
        telemetry::dead_letter_retried();
        let calls = Arc::clone(self);
        outside::spawn_on(&self.runtime, async move {
            tokio::time::sleep(pause).await;
            if calls.dispatch.lock().owns(ticket.partition) {
                calls.send_letter(ticket, record);
            } else {
                calls.unusual.lock().forget(ticket);
            }
        });
    }
}

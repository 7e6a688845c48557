//! Sending replies, until each is acknowledged or given up.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::Instant;

use super::Calls;
use crate::outside;
use crate::server::dispatch::{PartitionId, Ticket};
use crate::server::handler::Handler;
use crate::server::reply;
use crate::telemetry;
use crate::transport::{Deliveries, Delivery, Failure, Outgoing, TransportError, Undelivered};
use crate::wire::{is_letter, mark_instance};

/// A reply that can't be written is tried again after this long …
pub(super) const RETRY_PAUSE: Duration = Duration::from_millis(100);
/// … until it has failed for this long; then its caller has certainly given up.
const RETRY_LIMIT: Duration = Duration::from_secs(120);

/// How a record is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    /// With the offset of its call, where that is done in transactions.
    WithOffset,
    /// By itself.
    Alone,
}

impl<S: Handler> Calls<S> {
    /// Sends a reply; its call is settled when it is acknowledged.
    pub(in crate::server) fn reply(self: &Arc<Self>, ticket: Ticket, mut record: Outgoing) {
        record.patient = self.dense.load(Ordering::Relaxed);
        self.reply_by(ticket, record, Way::WithOffset);
    }

    /// Sends the last record of a stream, whose call is settled already.
    pub(in crate::server) fn end_stream(self: &Arc<Self>, ticket: Ticket, record: Outgoing) {
        self.reply_by(ticket, record, Way::Alone);
    }

    fn reply_by(self: &Arc<Self>, ticket: Ticket, mut record: Outgoing, way: Way) {
        if self.of_instance {
            mark_instance(&mut record.headers, &self.instance);
        }
        self.send_reply(ticket, record, way);
    }

    fn send_reply(self: &Arc<Self>, ticket: Ticket, record: Outgoing, way: Way) {
        if let Err(undelivered) = self.send(ticket, record, way) {
            self.not_delivered(ticket, *undelivered, way);
        }
    }

    pub(super) fn not_delivered(
        self: &Arc<Self>,
        ticket: Ticket,
        undelivered: Undelivered,
        way: Way,
    ) {
        if is_letter(&undelivered.record.headers) {
            return self.letter_not_delivered(ticket, undelivered);
        }
        let Undelivered { record, error } = undelivered;
        let passing = matches!(
            error.failure,
            Failure::Unreachable | Failure::QueueFull | Failure::Fatal
        );
        let now = Instant::now();
        let (since, _) = self.unusual.lock().fails(ticket, now);
        let too_large = error.failure == Failure::TooLarge && !record.value.is_empty();
        if passing && now.duration_since(since) < RETRY_LIMIT {
            tracing::debug!(%error, "a reply is sent again");
            telemetry::reply_retried();
            let calls = Arc::clone(self);
            outside::spawn_on(&self.runtime, async move {
                tokio::time::sleep(RETRY_PAUSE).await;
                calls.send_reply(ticket, record, way);
            });
        } else if too_large && let Some(smaller) = reply::too_large(&record, &error) {
            self.reply_by(ticket, smaller, way);
        } else {
            self.lost(ticket, &error);
        }
    }

    pub(super) fn lost(&self, ticket: Ticket, error: &TransportError) {
        tracing::warn!(%error, "a reply is lost");
        telemetry::reply_lost();
        self.settle(&mut vec![ticket]);
    }

    /// Records of these calls were acknowledged.
    pub(in crate::server) fn settle(&self, tickets: &mut Vec<Ticket>) {
        self.unusual.lock().acknowledged(tickets);
        let mut dispatch = self.dispatch.lock();
        for ticket in tickets {
            dispatch.settled(*ticket);
        }
    }

    /// Takes the fates of a batch of replies with one turn of each lock.
    fn delivered(self: &Arc<Self>, batch: &mut Vec<Delivery>) {
        let mut settled = Vec::with_capacity(batch.len());
        let mut undelivered = Vec::new();
        for Delivery { token, outcome } in batch.drain(..) {
            match outcome {
                Ok(()) => settled.extend(token.map(ticket_of)),
                Err(failed) => match token {
                    Some(token) => undelivered.push((ticket_of(token), failed)),
                    None => self.streams.not_delivered(&failed),
                },
            }
        }
        self.settle(&mut settled);
        // In transactions only streams write by themselves.
        let way = match self.transacted {
            Some(_) => Way::Alone,
            None => Way::WithOffset,
        };
        for (ticket, failed) in undelivered {
            self.not_delivered(ticket, *failed, way);
        }
    }

    pub(super) fn send(
        &self,
        ticket: Ticket,
        record: Outgoing,
        way: Way,
    ) -> Result<(), Box<Undelivered>> {
        match (&self.transacted, way) {
            (Some(transacted), Way::WithOffset) => transacted.send(ticket, record),
            _ => self.writer.write(record, Some(token(ticket))),
        }
    }
}

/// Takes the producer's reports to the calls, without keeping them alive.
pub(in crate::server) struct ReplyDeliveries<S>(Weak<Calls<S>>);

impl<S> ReplyDeliveries<S> {
    pub(in crate::server) fn new(calls: &Arc<Calls<S>>) -> Self {
        Self(Arc::downgrade(calls))
    }
}

impl<S: Handler> Deliveries for ReplyDeliveries<S> {
    fn delivered(&self, batch: &mut Vec<Delivery>) {
        match self.0.upgrade() {
            Some(calls) => calls.delivered(batch),
            None => batch.clear(),
        }
    }
}

/// A token that is of the same owner as those of the partition's calls.
pub(in crate::server) fn token_of(partition: PartitionId) -> u128 {
    token(Ticket {
        partition,
        offset: 0,
    })
}

pub(super) fn token(ticket: Ticket) -> u128 {
    u128::from(ticket.partition.to_bits()) << 64 | u128::from(ticket.offset.cast_unsigned())
}

/// The call that a token is of.
pub(in crate::server) fn ticket_of(token: u128) -> Ticket {
    Ticket {
        partition: PartitionId::from_bits((token >> 64) as u64),
        offset: (token as u64).cast_signed(),
    }
}

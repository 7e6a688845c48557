//! Sending replies, until each is acknowledged or given up.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::Instant;

use super::Calls;
use crate::outside;
use crate::server::dispatch::{PartitionId, Ticket};
use crate::server::handler::Handler;
use crate::server::reply;
use crate::telemetry;
use crate::transport::{Deliveries, Delivery, Failure, Outgoing, Undelivered};
use crate::wire::{is_letter, mark_instance};

/// A reply that can't be written is tried again after this long …
const RETRY_PAUSE: Duration = Duration::from_millis(100);
/// … until it has failed for this long; then its caller has certainly given up.
const RETRY_LIMIT: Duration = Duration::from_secs(120);

impl<S: Handler> Calls<S> {
    /// Sends a reply; its call is settled when it is acknowledged.
    pub(in crate::server) fn reply(self: &Arc<Self>, ticket: Ticket, mut record: Outgoing) {
        if self.of_instance {
            mark_instance(&mut record.headers, &self.instance);
        }
        self.send_reply(ticket, record);
    }

    fn send_reply(self: &Arc<Self>, ticket: Ticket, record: Outgoing) {
        if let Err(undelivered) = self.send(ticket, record) {
            self.not_delivered(ticket, *undelivered);
        }
    }

    fn not_delivered(self: &Arc<Self>, ticket: Ticket, undelivered: Undelivered) {
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
                calls.send_reply(ticket, record);
            });
        } else if too_large && let Some(smaller) = reply::too_large(&record, &error) {
            self.reply(ticket, smaller);
        } else {
            tracing::warn!(%error, "a reply is lost");
            telemetry::reply_lost();
            self.settle(ticket);
        }
    }

    fn settle(&self, ticket: Ticket) {
        let mut settled = vec![ticket];
        self.unusual.lock().acknowledged(&mut settled);
        for ticket in settled {
            self.dispatch.lock().settled(ticket);
        }
    }

    /// Takes the fates of a batch of replies with one turn of each lock.
    fn delivered(self: &Arc<Self>, batch: &mut Vec<Delivery>) {
        let mut settled = Vec::with_capacity(batch.len());
        let mut undelivered = Vec::new();
        for Delivery { token, outcome } in batch.drain(..) {
            match outcome {
                Ok(()) => settled.extend(token.map(ticket)),
                Err(failed) => match token {
                    Some(token) => undelivered.push((ticket(token), failed)),
                    None => self.streams.not_delivered(&failed),
                },
            }
        }
        self.unusual.lock().acknowledged(&mut settled);
        {
            let mut dispatch = self.dispatch.lock();
            for ticket in settled {
                dispatch.settled(ticket);
            }
        }
        for (ticket, failed) in undelivered {
            self.not_delivered(ticket, *failed);
        }
    }

    pub(super) fn send(&self, ticket: Ticket, record: Outgoing) -> Result<(), Box<Undelivered>> {
        self.writer.write(record, Some(token(ticket)))
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

fn token(ticket: Ticket) -> u128 {
    u128::from(ticket.partition.to_bits()) << 64 | u128::from(ticket.offset.cast_unsigned())
}

fn ticket(token: u128) -> Ticket {
    Ticket {
        partition: PartitionId::from_bits((token >> 64) as u64),
        offset: (token as u64).cast_signed(),
    }
}

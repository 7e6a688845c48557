//! Writing what a call leaves behind in one transaction with its offset.

use std::sync::Arc;

use super::Calls;
use super::replies::{Way, ticket_of, token};
use crate::call::{Outbox, OutboxRecord, Status};
use crate::chunks;
use crate::descriptor::{Delivery, Method, Routing};
use crate::outside;
use crate::server::dispatch::Ticket;
use crate::server::handler::Handler;
use crate::server::reply;
use crate::telemetry;
use crate::transport::{Outgoing, TransactionQueue, TransportError, Undelivered, Unit};
use crate::wire::Headers;

/// Where records are queued for their transaction.
pub(in crate::server) struct Transacted {
    queue: Arc<TransactionQueue>,
    /// The size of the pieces in which larger messages go.
    piece: Option<usize>,
}

impl Transacted {
    pub(in crate::server) fn new(queue: Arc<TransactionQueue>, piece: Option<usize>) -> Self {
        Self { queue, piece }
    }

    /// There are offsets to commit, maybe without records.
    pub(in crate::server) fn nudge(&self) {
        self.queue.nudge();
    }

    /// The outbox of a method's handler, if it has one: what it writes has to go with an offset that is
    /// committed when it has ended.
    pub(super) fn outbox(method: Method) -> Option<Outbox> {
        let descriptor = method.descriptor();
        let has = descriptor.delivery == Delivery::AtLeastOnce
            && descriptor.routing != Routing::All
            && !descriptor.is_streaming()
            // Its record would be there before the transaction is.
            && !descriptor.deduplicated;
        has.then(Outbox::new)
    }

    /// Queues one record.
    pub(super) fn send(&self, ticket: Ticket, record: Outgoing) -> Result<(), Box<Undelivered>> {
        self.push(ticket, vec![record])
            .map_err(|(mut records, error)| {
                let record = records.pop().unwrap_or_default();
                Box::new(Undelivered { record, error })
            })
    }

    /// Queues records, the reply being the last. Gives them back where there is no room.
    pub(super) fn push(
        &self,
        ticket: Ticket,
        mut records: Vec<Outgoing>,
    ) -> Result<(), (Vec<Outgoing>, TransportError)> {
        if let Some(piece) = self.piece
            && let Some(last) = records.pop()
        {
            records.extend(chunks::cut(last, piece));
        }
        let unit = Unit {
            records,
            token: Some(token(ticket)),
        };
        self.queue
            .push(unit)
            .map_err(|(unit, error)| (unit.records, error))
    }
}

impl<S: Handler> Calls<S> {
    /// Writes what a handler has put into its outbox, and its reply if it has one; its call is settled
    /// with them.
    pub(super) fn reply_with(
        self: &Arc<Self>,
        ticket: Ticket,
        outbox: Vec<OutboxRecord>,
        reply: Option<Outgoing>,
    ) {
        let records = outbox.into_iter().map(outgoing).chain(reply).collect();
        self.push(ticket, records);
    }

    fn push(self: &Arc<Self>, ticket: Ticket, records: Vec<Outgoing>) {
        let Some(transacted) = &self.transacted else {
            return;
        };
        if let Err((records, error)) = transacted.push(ticket, records) {
            tracing::debug!(%error, "a call's records wait for room");
            telemetry::reply_retried();
            let calls = Arc::clone(self);
            outside::spawn_on(&self.runtime, async move {
                tokio::time::sleep(super::replies::RETRY_PAUSE).await;
                if calls.dispatch.lock().owns(ticket.partition) {
                    calls.push(ticket, records);
                }
            });
        }
    }

    /// One of a call's records can't be written, so none is: its caller is told.
    pub(in crate::server) fn unwritable(
        self: &Arc<Self>,
        unit: Unit,
        index: usize,
        error: TransportError,
    ) {
        let Unit { mut records, token } = unit;
        let is_last = index + 1 >= records.len();
        let topic = records.get(index).map(|record| Arc::clone(&record.topic));
        let (Some(token), Some(record)) = (token, records.pop()) else {
            return;
        };
        let ticket = ticket_of(token);
        if is_last {
            return self.not_delivered(ticket, Undelivered { record, error }, Way::WithOffset);
        }
        let topic = topic.unwrap_or_default();
        let message =
            format!("a record of the handler for topic {topic} can't be written: {error}");
        tracing::warn!("{message}");
        match reply::instead(&record, &Status::internal(message)) {
            Some(reply) => self.reply(ticket, reply),
            None => self.lost(ticket, &error),
        }
    }
}

fn outgoing(record: OutboxRecord) -> Outgoing {
    let OutboxRecord {
        topic,
        partition,
        key,
        value,
        headers,
    } = record;
    let mut native = Headers::new();
    for (name, value) in headers {
        native.push(&name, &value);
    }
    Outgoing {
        topic,
        partition,
        patient: false,
        key,
        value,
        headers: native,
    }
}

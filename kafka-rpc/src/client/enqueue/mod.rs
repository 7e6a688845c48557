//! Calls that are left with Kafka: the caller waits for the request's acknowledgement, and somebody
//! for the reply at another time.

mod awaited;
mod late;
mod places;

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use tokio::sync::{OnceCell, Semaphore};
use tokio::time::timeout_at;

pub(super) use self::late::LateReplies;
use super::caller::Caller;
use super::records::{self, Envelope};
use super::replies::not_sent;
use super::route::Route;
use super::streams::Begin;
use crate::call::{Body, Deadline, Receipt, RequestParts, Response, Status};
use crate::chunks;
use crate::descriptor::Method;
use crate::outside;
use crate::transport::{AcknowledgedWrites, Outgoing, PartitionRef, Transport};
use crate::wire::CorrelationId;

/// The time that a call has which is left with Kafka, unless it sets its own: as long as its reply
/// is kept where nobody has set that.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60 * 60);

/// Writes requests whose acknowledgement is waited for.
pub(super) struct Enqueuer {
    transport: Arc<dyn Transport>,
    properties: Vec<(String, String)>,
    /// Cuts larger messages into pieces of this size, where that is on.
    piece: Option<usize>,
    /// Opened when there is a call: most channels make none of these.
    open: OnceCell<AcknowledgedWrites>,
    limit: usize,
    /// Of the limit, what is left.
    places: Semaphore,
}

impl Enqueuer {
    pub(super) fn new(
        transport: Arc<dyn Transport>,
        properties: Vec<(String, String)>,
        piece: Option<usize>,
        limit: usize,
    ) -> Self {
        Self {
            transport,
            properties,
            piece,
            open: OnceCell::new(),
            limit,
            places: Semaphore::new(limit.min(Semaphore::MAX_PERMITS)),
        }
    }

    #[cfg(feature = "__simulated")]
    pub(super) fn count(&self) -> usize {
        self.open.get().map_or(0, AcknowledgedWrites::count)
    }

    /// Writes a request, and waits until it is acknowledged.
    async fn write(&self, record: Outgoing) -> Result<(), Status> {
        let _place = self.places.try_acquire().map_err(|_| {
            Status::resource_exhausted(format!(
                "{} requests wait for their acknowledgement, which is the channel's limit",
                self.limit
            ))
        })?;
        let writes = self.open.get_or_try_init(async || {
            AcknowledgedWrites::open(&*self.transport, &self.properties, |producer| {
                chunks::cutting(producer, self.piece)
            })
        });
        let written = async { writes.await?.send(record).await };
        written.await.map_err(|error| not_sent(&error))
    }
}

/// A call whose request is written now.
struct Enqueued {
    method: Method,
    route: Arc<Route>,
    timeout: Duration,
    parts: Box<RequestParts>,
    body: Body,
}

/// Leaves a call with Kafka. The response has no message, but a [`Receipt`] in its extensions.
pub(super) async fn enqueue(caller: Arc<Caller>, begin: Begin) -> Result<Response<Body>, Status> {
    let Begin {
        method,
        route,
        parts,
        body,
        deadline,
        shown,
    } = begin;
    // The call's own time goes to the server; this one is for the acknowledgement.
    let timeout = parts.timeout.unwrap_or(DEFAULT_TIMEOUT);
    let call = Enqueued {
        method,
        route,
        timeout,
        parts,
        body,
    };
    let outcome = call.write(&caller, deadline).await;
    let response = outcome.map(|receipt| {
        let mut response = Response::new(Body::default());
        response.extensions_mut().insert(receipt);
        response
    });
    shown.show(response.as_ref().map(drop));
    response
}

impl Enqueued {
    async fn write(self, caller: &Caller, deadline: Deadline) -> Result<Receipt, Status> {
        let uuid = outside::random_id().as_u128();
        let receipt = self.receipt(caller, uuid)?;
        let key = self.parts.key.as_deref();
        let envelope = Envelope {
            method: self.method,
            route: &self.route,
            to: self.route.destination_of_its_own(key),
            id: CorrelationId::from_uuid(uuid),
            timeout: self.timeout,
            stream: None,
        };
        let record = records::request(&envelope, self.parts, self.body)?;
        let written = caller.enqueuer().write(record);
        match timeout_at(deadline.instant(), written).await {
            Ok(written) => written.map(|()| receipt),
            Err(_) => Err(Status::deadline_exceeded(
                "the request was not acknowledged in time; it may be in its topic",
            )),
        }
    }

    /// Where the reply will be. To be asked before the request is written.
    fn receipt(&self, caller: &Caller, id: u128) -> Result<Receipt, Status> {
        let place = self.route.reply_place();
        let from = caller.routes().position(&place).ok_or_else(|| {
            let PartitionRef { topic, partition } = &place;
            Status::internal(format!("{topic} [{partition}] is not read by the channel"))
        })?;
        let deadline = outside::wall_clock() + self.timeout;
        let deadline = deadline.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Receipt {
            method: self.method.descriptor().path.into(),
            id,
            topic: place.topic,
            partition: place.partition,
            from,
            deadline: deadline.as_millis() as u64,
        })
    }
}

//! Calls that are left with Kafka: the caller waits for the request's acknowledgement, and somebody
//! for the reply at another time.

mod acknowledged;
mod late;

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use tokio::sync::OnceCell;
use tokio::time::timeout_at;

use self::acknowledged::Acknowledged;
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
use crate::transport::{Producer, Transport, Writes};
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
    open: OnceCell<(Arc<dyn Producer>, Arc<Acknowledged>)>,
    limit: usize,
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
        }
    }

    #[cfg(feature = "__simulated")]
    pub(super) fn count(&self) -> usize {
        let open = self.open.get();
        open.map_or(0, |(_, acknowledged)| acknowledged.count())
    }

    async fn opened(&self) -> Result<&(Arc<dyn Producer>, Arc<Acknowledged>), Status> {
        let open = async || {
            let acknowledged = Arc::new(Acknowledged::new(self.limit));
            let deliveries = Arc::clone(&acknowledged);
            let producer = self
                .transport
                .producer(Writes::DurableRequests, &self.properties, deliveries)
                .map_err(|error| not_sent(&error))?;
            Ok((chunks::cutting(producer, self.piece), acknowledged))
        };
        self.open.get_or_try_init(open).await
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
        let until = deadline.instant();
        let unknown = |_| {
            Status::deadline_exceeded(
                "the request was not acknowledged in time; it may be in its topic",
            )
        };
        let (producer, acknowledged) = timeout_at(until, caller.enqueuer().opened())
            .await
            .map_err(unknown)??;
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
        let told = acknowledged.expect(uuid)?;
        if let Err(refused) = producer.send(record, Some(uuid)) {
            return Err(not_sent(&refused.error));
        }
        timeout_at(until, told).await.map_err(unknown)??;
        Ok(receipt)
    }

    /// Where the reply will be. To be asked before the request is written.
    fn receipt(&self, caller: &Caller, id: u128) -> Result<Receipt, Status> {
        let (topic, partition) = self.route.reply_place();
        let position = caller.routes().position(topic, partition);
        let from = position.ok_or_else(|| {
            Status::internal(format!("{topic} [{partition}] is not read by the channel"))
        })?;
        let deadline = outside::wall_clock() + self.timeout;
        let deadline = deadline.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Receipt {
            method: self.method.descriptor().path.into(),
            id,
            topic: Arc::clone(topic),
            partition,
            from,
            deadline: deadline.as_millis() as u64,
        })
    }
}

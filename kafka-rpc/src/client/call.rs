use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::AbortHandle;
use tokio::time::timeout_at;
use tracing::{Instrument, Span};
use uuid::Uuid;

use super::replies::{NO_CALL, not_sent};
use super::route::{Route, Routes};
use super::waiting::{Outcome, WaitingCalls, deadline_exceeded};
use crate::Error;
use crate::call::{
    Body, CallContext, Code, Deadline, Extensions, Request, RequestParts, Response, Status,
};
use crate::descriptor::{Method, ServiceDescriptor};
use crate::telemetry::{self, ClientMetrics, Side};
use crate::transport::{Outgoing, Producer};
use crate::wire::{ContentType, CorrelationId, Frame, HeaderLimits, RequestHead, encode_request};

pub(super) struct CallerSettings {
    pub(super) default_timeout: Duration,
    pub(super) message_limit: usize,
}

/// What the calls of a channel share.
pub(super) struct Caller {
    producer: Arc<dyn Producer>,
    routes: Arc<Routes>,
    waiting: Arc<WaitingCalls>,
    settings: CallerSettings,
    tasks: [AbortHandle; 2],
}

impl Caller {
    pub(super) fn new(
        producer: Arc<dyn Producer>,
        routes: Routes,
        waiting: Arc<WaitingCalls>,
        settings: CallerSettings,
    ) -> Self {
        let routes = Arc::new(routes);
        let expiry = tokio::spawn(Arc::clone(&waiting).expire());
        let refreshed = Arc::clone(&routes);
        let refresh = tokio::spawn(async move { refreshed.refresh().await });
        Self {
            producer,
            routes,
            waiting,
            settings,
            tasks: [expiry.abort_handle(), refresh.abort_handle()],
        }
    }

    pub(super) async fn prepare(&self, service: &'static ServiceDescriptor) -> Result<(), Error> {
        self.routes.prepare(service).await
    }

    fn deadline(&self, parts: &RequestParts) -> Deadline {
        let own = Deadline::after(parts.timeout.unwrap_or(self.settings.default_timeout));
        match CallContext::current().and_then(|surrounding| surrounding.deadline) {
            Some(surrounding) => own.earlier(surrounding),
            None => own,
        }
    }

    fn check_size(&self, body: &Body) -> Result<(), Status> {
        if body.len() <= self.settings.message_limit {
            return Ok(());
        }
        Err(Status::resource_exhausted(format!(
            "the request has {} bytes; the channel sends at most {}",
            body.len(),
            self.settings.message_limit
        )))
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Makes a call, and shows it: its span and its metrics end with it, however it ends.
pub(super) async fn call(
    caller: Arc<Caller>,
    request: Request<Body>,
) -> Result<Response<Body>, Status> {
    let method = request
        .method()
        .ok_or_else(|| Status::internal("the request names no method: use a generated client"))?;
    let pending = ClientMetrics::of(method).begin();
    let span = telemetry::client_span(method);
    let outcome = attempt(&caller, method, request, &span)
        .instrument(span.clone())
        .await;
    let (code, message) = match &outcome {
        Ok(_) => (Code::Ok, ""),
        Err(status) => (status.code(), status.message()),
    };
    telemetry::record_outcome(&span, Side::Client, code, message);
    pending.end(code);
    outcome
}

/// Finds the way, sends the request, waits for the outcome.
async fn attempt(
    caller: &Caller,
    method: Method,
    request: Request<Body>,
    span: &Span,
) -> Result<Response<Body>, Status> {
    let (mut parts, body) = request.into_parts();
    caller.check_size(&body)?;
    let deadline = caller.deadline(&parts);
    if deadline.is_passed() {
        return Err(deadline_exceeded());
    }
    let route = timeout_at(deadline.instant(), caller.routes.find(method))
        .await
        .map_err(|_| Status::deadline_exceeded("the method's topics were not found in time"))?
        .map_err(|error| unroutable(&error))?;
    telemetry::record_topic(span, &route.request);
    telemetry::outgoing(&mut parts.metadata, span);

    let uuid = Uuid::new_v4().as_u128();
    telemetry::record_correlation_id(span, &CorrelationId::from_uuid(uuid));
    let record = request_record(method, &route, uuid, deadline, parts, body)?;
    let (message, value) = exchange(caller, &route, uuid, deadline, record).await?;
    if message.content_type != ContentType::Protobuf {
        return Err(Status::internal(format!(
            "the reply is {}; application/protobuf was asked for",
            message.content_type.as_str()
        )));
    }
    Ok(Response::from_parts(
        message.metadata,
        Body::new(value),
        Extensions::new(),
    ))
}

fn request_record(
    method: Method,
    route: &Route,
    uuid: u128,
    deadline: Deadline,
    parts: RequestParts,
    body: Body,
) -> Result<Outgoing, Status> {
    let head = RequestHead {
        correlation_id: Some(CorrelationId::from_uuid(uuid)),
        reply: Some(route.reply.clone()),
        method: Some(method.descriptor().path),
        content_type: ContentType::Protobuf,
        timeout: Some(deadline.remaining()),
        frame: Frame::Request,
        metadata: parts.metadata,
    };
    Ok(Outgoing {
        topic: Arc::clone(&route.request),
        partition: Some(route.partition(parts.key.as_deref())),
        key: parts.key,
        value: body.into_bytes(),
        headers: encode_request(&head, &HeaderLimits::default())?,
    })
}

/// Sends a request and waits for its outcome.
async fn exchange(
    caller: &Caller,
    route: &Route,
    uuid: u128,
    deadline: Deadline,
    record: Outgoing,
) -> Outcome {
    let outcome = caller.waiting.add(uuid, deadline)?;
    // The guard must exist before the send: from then on the server may be at work.
    let mut guard = CancelOnDrop {
        caller,
        route,
        uuid,
        partition: record.partition,
        key: record.key.clone(),
        armed: true,
    };
    if let Err(refused) = caller.producer.send(record, uuid) {
        caller.waiting.end(uuid, Err(not_sent(&refused.error)));
    }
    let outcome = outcome.await;
    guard.armed = false;
    outcome.map_err(|_| Status::internal("a pending call was lost"))?
}

/// What a caller is told when a method's topics can't be used.
fn unroutable(error: &Error) -> Status {
    match error {
        Error::Unreachable(_) => Status::unavailable(error.to_string()),
        Error::Denied(_) => Status::permission_denied(error.to_string()),
        _ => Status::failed_precondition(error.to_string()),
    }
}

/// Tells the server that nobody waits any more.
struct CancelOnDrop<'a> {
    caller: &'a Caller,
    route: &'a Route,
    uuid: u128,
    partition: Option<i32>,
    key: Option<Bytes>,
    armed: bool,
}

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        if !self.armed || !self.caller.waiting.abandon(self.uuid) {
            return;
        }
        let head = RequestHead {
            correlation_id: Some(CorrelationId::from_uuid(self.uuid)),
            frame: Frame::Cancel,
            ..RequestHead::default()
        };
        let Ok(headers) = encode_request(&head, &HeaderLimits::default()) else {
            return;
        };
        let record = Outgoing {
            topic: Arc::clone(&self.route.request),
            partition: self.partition,
            key: self.key.take(),
            value: Bytes::new(),
            headers,
        };
        if let Err(refused) = self.caller.producer.send(record, NO_CALL) {
            tracing::debug!(error = %refused.error, "a cancel could not be sent");
            telemetry::cancel_lost();
        }
    }
}

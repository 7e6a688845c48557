//! Running a handler.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::time::timeout_at;
use tracing::Instrument;

use super::Calls;
use crate::call::{Body, CallContext, Code, Request, Response, Status};
use crate::descriptor::Method;
use crate::server::handler::Handler;
use crate::server::reply;
use crate::server::router::Call;
use crate::telemetry::{self, ServerMetrics, Side};
use crate::transport::Outgoing;
use crate::wire::ContentType;

impl<S: Handler> Calls<S> {
    /// Runs the handler, and shows it. The record to be sent; `None` where nobody waits for one.
    pub(super) async fn handle(self: Arc<Self>, call: Call) -> Option<Outgoing> {
        let Call {
            method,
            key: _,
            request,
            deadline,
            content_type,
            reply,
            span,
            arrived,
        } = call;
        let metrics = ServerMetrics::of(method);
        let running = metrics.start(arrived.elapsed());
        let trace = telemetry::incoming(request.metadata(), &span);
        let context = CallContext {
            deadline: Some(deadline),
            trace: trace.clone(),
        };
        let answer = context.scope(self.answer(request, content_type));
        let answer = AssertUnwindSafe(answer).catch_unwind();
        let outcome = timeout_at(deadline.instant(), answer)
            .instrument(span.clone())
            .await;
        drop(running);
        let outcome = match outcome {
            Ok(Ok(outcome)) => Some(outcome),
            Ok(Err(_panic)) => Some(Err(panicked(method))),
            // The caller gives up at the same moment: it is not told.
            Err(_) => None,
        };
        let (code, message) = match &outcome {
            Some(Ok(_)) => (Code::Ok, ""),
            Some(Err(status)) => (status.code(), status.message()),
            None => (
                Code::DeadlineExceeded,
                "the deadline passed while the handler ran",
            ),
        };
        telemetry::record_outcome(&span, Side::Server, code, message);
        metrics.end(code, arrived.elapsed());
        let mut record = None;
        if let (Some(to), Some(mut outcome)) = (reply, outcome) {
            let metadata = match &mut outcome {
                Ok(response) => response.metadata_mut(),
                Err(status) => status.metadata_mut(),
            };
            telemetry::reply(metadata, trace.as_ref());
            record = Some(reply::record(
                &to,
                content_type,
                outcome,
                self.message_limit,
            ));
        }
        record
    }

    async fn answer(
        &self,
        request: Request<Body>,
        content_type: ContentType,
    ) -> Result<Response<Body>, Status> {
        let method = request.method();
        let request = self.codec.request(content_type, request)?;
        let mut service = self.service.clone();
        std::future::poll_fn(|cx| service.poll_ready(cx))
            .await
            .map_err(|error| Status::from_error(error.into()))?;
        let response = service
            .call(request)
            .await
            .map_err(|error| Status::from_error(error.into()))?;
        self.codec.response(content_type, method, response)
    }
}

fn panicked(method: Method) -> Status {
    let path = method.descriptor().path;
    tracing::error!(method = path, "the handler panicked");
    telemetry::handler_panicked();
    Status::internal(format!("the handler of {path} panicked"))
}

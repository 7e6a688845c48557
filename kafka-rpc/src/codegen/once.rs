use std::panic::{AssertUnwindSafe, resume_unwind};

use futures_util::FutureExt;
use prost::Message;

use super::server::unary;
use crate::call::{Body, Request, Response, Status};

/// Handles one call of a deduplicated method: answers it with what is recorded of an earlier one, or
/// runs the handler and has that recorded. It is the innermost of all that a request passes, so what
/// layers and interceptors refuse is not recorded, and they see repeats, too.
pub async fn unary_once<Req, Res, F, Fut>(
    mut request: Request<Body>,
    handler: F,
) -> Result<Response<Body>, Status>
where
    Req: Message + Default,
    Res: Message,
    F: FnOnce(Request<Req>) -> Fut,
    Fut: Future<Output = Result<Response<Res>, Status>>,
{
    let Some(recorder) = request.parts_mut().recorder.take() else {
        return unary(request, handler).await;
    };
    let (parts, body) = request.split();
    let message = body.into_bytes();
    if let Some(recorded) = recorder.find(&message).await? {
        return recorded;
    }
    let request = Request::join(parts, Body::new(message.clone()));
    let handled = AssertUnwindSafe(async { unary(request, handler).await }).catch_unwind();
    match handled.await {
        Ok(outcome) => recorder.keep(&message, outcome).await,
        Err(panic) => {
            // Nobody knows how far it came, so it is not to run again.
            let status = Status::internal("the handler panicked");
            let _kept = recorder.keep(&message, Err(status)).await;
            resume_unwind(panic)
        }
    }
}

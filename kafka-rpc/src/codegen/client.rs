use std::future::poll_fn;

use prost::Message;
use tower_service::Service;

use super::message_name;
use crate::call::{Body, BoxError, Request, Response, Status};
use crate::descriptor::{Method, ServiceDescriptor};

/// What a generated client sends its calls through: a channel, or layers around one.
pub trait CallService:
    Service<Request<Body>, Response = Response<Body>, Error: Into<BoxError>, Future: Send>
{
}

impl<S> CallService for S where
    S: Service<Request<Body>, Response = Response<Body>, Error: Into<BoxError>, Future: Send>
{
}

/// Makes one call: encodes the request, sends it when `inner` is ready, and decodes the reply.
pub async fn call_unary<S, Req, Res>(
    inner: &mut S,
    service: &'static ServiceDescriptor,
    index: usize,
    request: Request<Req>,
) -> Result<Response<Res>, Status>
where
    S: CallService,
    Req: Message,
    Res: Message + Default,
{
    let method = Method::new(service, index).ok_or_else(|| {
        Status::unimplemented(format!(
            "{} has no method with the index {index}",
            service.name
        ))
    })?;
    let mut request = request.map(|message| Body::new(message.encode_to_vec()));
    request.parts_mut().method = Some(method);

    poll_fn(|cx| inner.poll_ready(cx))
        .await
        .map_err(status_of)?;
    let response = inner.call(request).await.map_err(status_of)?;

    let (metadata, body, extensions) = response.into_parts();
    let message = Res::decode(body.into_bytes()).map_err(|error| {
        let descriptor = method.descriptor();
        let expected = message_name::<Res>(descriptor.output);
        Status::internal(format!(
            "the reply of {} is not a valid {expected}: {error}",
            descriptor.path
        ))
    })?;
    Ok(Response::from_parts(metadata, message, extensions))
}

fn status_of(error: impl Into<BoxError>) -> Status {
    Status::from_error(error.into())
}

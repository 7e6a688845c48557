use std::future::ready;

use prost::Message;

use super::message_name;
use crate::call::{Body, Request, Response, Status};
use crate::descriptor::ServiceDescriptor;
use crate::server::BoxFuture;

/// Handles one call: decodes the request, runs the handler, and encodes its reply.
pub async fn unary<Req, Res, F, Fut>(
    request: Request<Body>,
    handler: F,
) -> Result<Response<Body>, Status>
where
    Req: Message + Default,
    Res: Message,
    F: FnOnce(Request<Req>) -> Fut,
    Fut: Future<Output = Result<Response<Res>, Status>>,
{
    let (parts, body) = request.into_parts();
    let message = Req::decode(body.into_bytes()).map_err(|error| {
        let expected =
            message_name::<Req>(parts.method.map_or("", |method| method.descriptor().input));
        Status::invalid_argument(format!("the request is not a valid {expected}: {error}"))
    })?;
    let response = handler(Request::from_parts(parts, message)).await?;
    Ok(response.map(|message| Body::new(message.encode_to_vec())))
}

/// The answer to a call of a method that the service doesn't have.
pub fn unknown_method(
    service: &'static ServiceDescriptor,
    index: usize,
) -> BoxFuture<Result<Response<Body>, Status>> {
    let status = Status::unimplemented(format!(
        "{} has no method with the index {index}",
        service.name
    ));
    Box::pin(ready(Err(status)))
}

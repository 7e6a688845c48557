use prost::Message;

use super::call_streams::call;
use super::client::{CallService, described};
use super::message_name;
use crate::call::{Answers, Body, Direction, Expected, Request, Response, Status};
use crate::descriptor::ServiceDescriptor;

/// Calls the method at an index of a service at all live instances; their replies come as a stream.
pub async fn call_all<S, Req, Res>(
    inner: &mut S,
    service: &'static ServiceDescriptor,
    index: usize,
    request: Request<Req>,
) -> Result<Response<Answers<Res>>, Status>
where
    S: CallService,
    Req: Message,
{
    let method = described(service, index)?;
    let request = request.map(|message| Body::new(message.encode_to_vec()));
    let (metadata, body, extensions) = call(inner, method, request).await?.into_parts();
    let answers = body.into_answers().ok_or_else(|| {
        Status::internal(format!(
            "{} goes to all instances, and what carries its calls can't",
            method.descriptor().path
        ))
    })?;
    let expected = Expected {
        direction: Direction::Reply,
        message: message_name::<Res>(method.descriptor().output),
    };
    Ok(Response::from_parts(
        metadata,
        Answers::new(answers, expected),
        extensions,
    ))
}

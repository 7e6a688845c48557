use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::stream::Fuse;
use futures_util::{Stream, StreamExt};
use pin_project_lite::pin_project;
use prost::Message;

use super::client::{CallService, decoded, described, status_of};
use super::message_name;
use crate::call::{Body, Direction, Expected, Messages, Request, Response, Status, Streaming};
use crate::descriptor::{Method, ServiceDescriptor};

/// Calls the method at an index of a service; its reply is a stream.
pub async fn call_server_streaming<S, Req, Res>(
    inner: &mut S,
    service: &'static ServiceDescriptor,
    index: usize,
    request: Request<Req>,
) -> Result<Response<Streaming<Res>>, Status>
where
    S: CallService,
    Req: Message,
{
    let method = described(service, index)?;
    let request = request.map(|message| Body::new(message.encode_to_vec()));
    Ok(streamed(method, call(inner, method, request).await?))
}

/// Calls the method at an index of a service; its request is a stream.
pub async fn call_client_streaming<S, M, Res>(
    inner: &mut S,
    service: &'static ServiceDescriptor,
    index: usize,
    request: Request<M>,
) -> Result<Response<Res>, Status>
where
    S: CallService,
    M: Stream<Item: Message> + Send + 'static,
    Res: Message + Default,
{
    let method = described(service, index)?;
    let response = call(inner, method, request.map(encoded)).await?;
    decoded(service, index, response)
}

/// Calls the method at an index of a service; its request and its reply are streams.
pub async fn call_streaming<S, M, Res>(
    inner: &mut S,
    service: &'static ServiceDescriptor,
    index: usize,
    request: Request<M>,
) -> Result<Response<Streaming<Res>>, Status>
where
    S: CallService,
    M: Stream<Item: Message> + Send + 'static,
{
    let method = described(service, index)?;
    let response = call(inner, method, request.map(encoded)).await?;
    Ok(streamed(method, response))
}

async fn call<S: CallService>(
    inner: &mut S,
    method: Method,
    mut request: Request<Body>,
) -> Result<Response<Body>, Status> {
    request.parts_mut().method = Some(method);
    std::future::poll_fn(|cx| inner.poll_ready(cx))
        .await
        .map_err(status_of)?;
    inner.call(request).await.map_err(status_of)
}

/// The response with its stream of messages, each of which is decoded when it is read.
fn streamed<Res>(method: Method, response: Response<Body>) -> Response<Streaming<Res>> {
    let expected = Expected {
        direction: Direction::Reply,
        message: message_name::<Res>(method.descriptor().output),
    };
    response.map(|body| Streaming::new(body, expected))
}

fn encoded<M>(messages: M) -> Body
where
    M: Stream<Item: Message> + Send + 'static,
{
    Body::stream(Encoded {
        messages: messages.fuse(),
    })
}

pin_project! {
    /// A caller's stream, each message encoded when it is read.
    struct Encoded<M> {
        #[pin]
        messages: Fuse<M>,
    }
}

impl<M: Stream<Item: Message> + Send> Messages for Encoded<M> {
    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Status>>> {
        let next = self.project().messages.poll_next(cx);
        next.map(|message| message.map(|message| Ok(message.encode_to_vec().into())))
    }
}

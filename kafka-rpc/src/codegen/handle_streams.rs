use prost::Message;

use super::driven::{Delivered, Outlet, drive};
use super::server::{decoded, encoded, input_name};
use crate::call::{Body, Direction, Expected, Request, Response, Status, Streaming};

/// Handles a call whose reply is a stream: decodes the request, and runs the handler up to its
/// response. The handler gives its answer to [`Outlet::deliver`].
pub async fn server_streaming<Req, F, Fut>(
    request: Request<Body>,
    handler: F,
) -> Result<Response<Body>, Status>
where
    Req: Message + Default,
    F: FnOnce(Request<Req>, Outlet) -> Fut,
    Fut: Future<Output = Delivered> + Send + 'static,
{
    let request = decoded(request)?;
    drive(|outlet| handler(request, outlet)).await
}

/// Handles a call whose request is a stream: runs the handler, and encodes its reply.
pub async fn client_streaming<Req, Res, F, Fut>(
    request: Request<Body>,
    handler: F,
) -> Result<Response<Body>, Status>
where
    Req: Message + Default,
    Res: Message,
    F: FnOnce(Request<Streaming<Req>>) -> Fut,
    Fut: Future<Output = Result<Response<Res>, Status>>,
{
    handler(streamed(request)).await.map(encoded)
}

/// Handles a call whose request and reply are streams, as [`server_streaming`] does.
pub async fn streaming<Req, F, Fut>(
    request: Request<Body>,
    handler: F,
) -> Result<Response<Body>, Status>
where
    Req: Message + Default,
    F: FnOnce(Request<Streaming<Req>>, Outlet) -> Fut,
    Fut: Future<Output = Delivered> + Send + 'static,
{
    drive(|outlet| handler(streamed(request), outlet)).await
}

/// The request with its stream of messages, each of which is decoded when it is read.
fn streamed<Req>(request: Request<Body>) -> Request<Streaming<Req>> {
    let (parts, body) = request.into_parts();
    let expected = Expected {
        direction: Direction::Request,
        message: input_name::<Req>(parts.method),
    };
    Request::from_parts(parts, Streaming::new(body, expected))
}

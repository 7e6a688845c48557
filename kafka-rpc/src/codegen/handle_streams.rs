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
    let (parts, body) = request.split();
    let expected = Expected {
        direction: Direction::Request,
        message: input_name::<Req>(parts.method),
    };
    Request::join(parts, Streaming::new(body, expected))
}

#[cfg(test)]
mod tests {
    use futures_util::{TryStreamExt, stream};

    use super::*;
    use crate::call::Code;
    use crate::descriptor::{Method, MethodDescriptor, ServiceDescriptor};

    static ECHO: ServiceDescriptor = ServiceDescriptor::new(
        "demo.Echo",
        &[MethodDescriptor::new("Say", "demo.Echo/Say").messages("demo.Word", "demo.Word")],
    );

    const HI: &[u8] = b"\x0a\x02hi";

    /// A call with a single message, from a caller who sets a tag.
    fn request(message: &'static [u8]) -> Request<Body> {
        let mut request = Request::new(Body::new(message));
        request.parts_mut().method = Method::new(&ECHO, 0);
        request.extensions_mut().insert("tag");
        request
    }

    async fn repeat(request: Request<String>, outlet: Outlet) -> Delivered {
        assert_eq!(request.extensions().get(), Some(&"tag"));
        let word = request.into_inner();
        let words = [Ok(word.to_uppercase()), Ok(word)];
        outlet.deliver(Ok(Response::new(stream::iter(words)))).await
    }

    async fn join(request: Request<Streaming<String>>) -> Result<Response<String>, Status> {
        assert_eq!(request.extensions().get(), Some(&"tag"));
        let words: Vec<String> = request.into_inner().try_collect().await?;
        Ok(Response::new(words.join(" ")))
    }

    async fn echo(request: Request<Streaming<String>>, outlet: Outlet) -> Delivered {
        assert_eq!(request.extensions().get(), Some(&"tag"));
        let words = request.into_inner();
        outlet.deliver(Ok(Response::new(words))).await
    }

    /// The reply as a request's body, for the next handler.
    fn again(answer: Result<Response<Body>, Status>) -> Request<Body> {
        request(b"").map(|_| answer.unwrap().into_inner())
    }

    #[tokio::test]
    async fn what_one_handler_streams_another_reads() {
        let repeated = again(server_streaming(request(HI), repeat).await);
        assert!(repeated.get_ref().is_stream());
        let echoed = again(streaming(repeated, echo).await);
        assert!(echoed.get_ref().is_stream());
        let joined = client_streaming(echoed, join).await.unwrap();
        assert_eq!(joined.get_ref().as_bytes(), b"\x0a\x05HI hi");
    }

    #[tokio::test]
    async fn a_single_message_is_a_stream_of_one() {
        let joined = client_streaming(request(HI), join).await.unwrap();
        assert_eq!(joined.get_ref().as_bytes(), HI);
    }

    #[tokio::test]
    async fn a_request_that_is_not_the_message_is_refused_before_the_handler_runs() {
        let status = server_streaming(request(b"\xff"), repeat)
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().contains("demo.Word"), "{status}");
    }

    #[tokio::test]
    async fn a_message_of_a_stream_that_is_not_valid_is_told_to_the_handler() {
        let status = client_streaming(request(b"\xff"), join).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().contains("demo.Word"), "{status}");
    }
}

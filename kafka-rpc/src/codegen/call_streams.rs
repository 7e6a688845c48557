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

pub(super) async fn call<S: CallService>(
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

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Waker;

    use futures_util::{TryStreamExt, stream};
    use tower_service::Service;

    use super::*;
    use crate::call::{BoxError, Code};
    use crate::descriptor::MethodDescriptor;
    use crate::server::BoxFuture;

    static ECHO: ServiceDescriptor = ServiceDescriptor::new(
        "demo.Echo",
        &[MethodDescriptor::new("Say", "demo.Echo/Say").messages("demo.Word", "demo.Word")],
    );

    /// Answers with the request's own body. It is ready at the second time of asking.
    #[derive(Default)]
    struct Mirror {
        asked: usize,
    }

    impl Service<Request<Body>> for Mirror {
        type Response = Response<Body>;
        type Error = BoxError;
        type Future = std::future::Ready<Result<Response<Body>, BoxError>>;

        fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
            self.asked += 1;
            cx.waker().wake_by_ref();
            if self.asked < 2 {
                Poll::Pending
            } else {
                Poll::Ready(Ok(()))
            }
        }

        fn call(&mut self, request: Request<Body>) -> Self::Future {
            assert!(self.asked > 1, "called before ready");
            assert_eq!(request.method().unwrap().descriptor().name, "Say");
            let key = request.key().map(<[u8]>::to_vec);
            if key.is_none() {
                return std::future::ready(Err(Box::new(Status::not_found("no key"))));
            }
            let mut response = Response::new(request.into_inner());
            response.extensions_mut().insert(key);
            std::future::ready(Ok(response))
        }
    }

    fn keyed<T>(message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.set_key("k");
        request
    }

    fn words(words: &[&str]) -> impl Stream<Item = String> + Send + 'static + use<> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        stream::iter(words)
    }

    #[tokio::test]
    async fn messages_are_encoded_and_decoded_one_by_one() {
        let request = keyed(words(&["a", "b"]));
        let response = call_streaming(&mut Mirror::default(), &ECHO, 0, request)
            .await
            .unwrap();
        assert_eq!(response.extensions().get(), Some(&Some(b"k".to_vec())));
        let replies: Vec<String> = response.into_inner().try_collect().await.unwrap();
        assert_eq!(replies, ["a", "b"]);
    }

    #[test]
    fn a_callers_stream_is_not_read_after_its_end() {
        let mut left = vec![Some(1_u64), None];
        let once = stream::poll_fn(move |_| Poll::Ready(left.remove(0)));
        let mut messages = encoded(once).into_messages();
        let mut next = || {
            messages
                .as_mut()
                .poll_next(&mut Context::from_waker(Waker::noop()))
        };
        assert!(matches!(next(), Poll::Ready(Some(Ok(_)))));
        assert!(matches!(next(), Poll::Ready(None)));
        assert!(matches!(next(), Poll::Ready(None)));
    }

    #[tokio::test]
    async fn a_single_message_in_reply_is_a_stream_of_one() {
        let request = keyed("hi".to_owned());
        let response = call_server_streaming(&mut Mirror::default(), &ECHO, 0, request)
            .await
            .unwrap();
        let replies: Vec<String> = response.into_inner().try_collect().await.unwrap();
        assert_eq!(replies, ["hi"]);
    }

    #[tokio::test]
    async fn one_message_answers_a_stream() {
        /// Answers a stream with the first of its messages.
        struct First(Mirror);

        impl Service<Request<Body>> for First {
            type Response = Response<Body>;
            type Error = BoxError;
            type Future = BoxFuture<Result<Response<Body>, BoxError>>;

            fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
                self.0.poll_ready(cx)
            }

            fn call(&mut self, request: Request<Body>) -> Self::Future {
                let response = self.0.call(request);
                Box::pin(async move {
                    let (metadata, body, extensions) = response.await?.into_parts();
                    let mut messages = body.into_messages();
                    let first = poll_fn(|cx| messages.as_mut().poll_next(cx)).await;
                    let first = Body::new(first.ok_or("no message")??);
                    Ok(Response::from_parts(metadata, first, extensions))
                })
            }
        }

        let request = keyed(words(&["a", "b"]));
        let mut first = First(Mirror::default());
        let response: Response<String> = call_client_streaming(&mut first, &ECHO, 0, request)
            .await
            .unwrap();
        assert_eq!(response.extensions().get(), Some(&Some(b"k".to_vec())));
        assert_eq!(response.into_inner(), "a");
    }

    #[tokio::test]
    async fn a_status_is_the_outcome_of_the_call() {
        let request = Request::new(words(&["a"]));
        let refused: Result<Response<Streaming<String>>, Status> =
            call_streaming(&mut Mirror::default(), &ECHO, 0, request).await;
        let status = refused.unwrap_err();
        assert_eq!(
            (status.code(), status.message()),
            (Code::NotFound, "no key")
        );
    }

    #[tokio::test]
    async fn a_message_of_the_reply_that_is_not_valid_is_named() {
        // The bytes of a string are no number.
        let mut mirror = Mirror::default();
        let response = call_streaming(&mut mirror, &ECHO, 0, keyed(words(&["a"])));
        let mut numbers: Streaming<u64> = response.await.unwrap().into_inner();
        let status = numbers.message().await.unwrap_err();
        assert_eq!(status.code(), Code::Internal);
        assert!(status.message().contains("demo.Word"), "{status}");
    }

    #[tokio::test]
    async fn a_method_that_is_not_described_is_unimplemented_and_not_sent() {
        let mut mirror = Mirror::default();
        let request = keyed("hi".to_owned());
        let refused: Result<Response<Streaming<String>>, Status> =
            call_server_streaming(&mut mirror, &ECHO, 1, request).await;
        let code = refused.unwrap_err().code();
        assert_eq!((code, mirror.asked), (Code::Unimplemented, 0));
    }

    #[test]
    fn a_call_can_be_made_on_any_thread() {
        fn assert_send(_: impl Send) {}
        let mut mirror = Mirror::default();
        assert_send(call_streaming::<_, _, String>(
            &mut mirror,
            &ECHO,
            0,
            Request::new(words(&[])),
        ));
    }
}

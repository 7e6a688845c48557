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

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll};

    use super::*;
    use crate::call::Code;
    use crate::descriptor::MethodDescriptor;

    static ECHO: ServiceDescriptor = ServiceDescriptor::new(
        "demo.Echo",
        &[
            MethodDescriptor::new("Say", "demo.Echo/Say").messages("demo.Word", "demo.Word"),
            MethodDescriptor::new("Hint", "demo.Echo/Hint"),
        ],
    );

    /// Answers each request with a body of its choice. It is ready at the second time of asking.
    struct Channel {
        answer: fn(Request<Body>) -> Result<Response<Body>, BoxError>,
        asked: usize,
    }

    fn channel(answer: fn(Request<Body>) -> Result<Response<Body>, BoxError>) -> Channel {
        Channel { answer, asked: 0 }
    }

    impl Service<Request<Body>> for Channel {
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
            std::future::ready(if self.asked < 2 {
                Err("called before ready".into())
            } else {
                (self.answer)(request)
            })
        }
    }

    async fn say(
        channel: &mut Channel,
        index: usize,
        word: &str,
    ) -> Result<Response<String>, Status> {
        call_unary(channel, &ECHO, index, Request::new(word.to_owned())).await
    }

    #[tokio::test]
    async fn a_call_is_encoded_sent_when_ready_and_decoded() {
        let mut channel = channel(|request| {
            assert_eq!(request.method().unwrap().descriptor().name, "Say");
            assert_eq!(request.key(), Some(&b"k"[..]));
            assert_eq!(request.get_ref().as_bytes(), b"\x0a\x02hi");
            let mut response = Response::new(Body::new(&b"\x0a\x03hey"[..]));
            response.metadata_mut().insert("served-by", 3.into())?;
            response.extensions_mut().insert(7_u8);
            Ok(response)
        });
        let mut request = Request::new(String::from("hi"));
        request.set_key("k");
        let response: Response<String> = call_unary(&mut channel, &ECHO, 0, request).await.unwrap();
        assert_eq!(response.metadata().get("served-by").unwrap(), "3");
        assert_eq!(response.extensions().get(), Some(&7_u8));
        assert_eq!(response.into_inner(), "hey");
    }

    #[tokio::test]
    async fn a_status_comes_through_layers_as_it_was_sent() {
        let mut channel = channel(|_| Err(Box::new(Status::not_found("no echo"))));
        let status = say(&mut channel, 0, "hi").await.unwrap_err();
        assert_eq!(
            (status.code(), status.message()),
            (Code::NotFound, "no echo")
        );
    }

    #[tokio::test]
    async fn an_error_of_a_layer_is_unknown() {
        let status = say(&mut channel(|_| Err("layer".into())), 0, "hi")
            .await
            .unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::Unknown, "layer"));
    }

    #[tokio::test]
    async fn a_reply_that_is_not_the_message_is_internal_and_names_it() {
        let mut channel = channel(|_| Ok(Response::new(Body::new(&b"\xff"[..]))));
        let status = say(&mut channel, 0, "hi").await.unwrap_err();
        assert_eq!(status.code(), Code::Internal);
        assert!(
            status
                .message()
                .starts_with("the reply of demo.Echo/Say is not a valid demo.Word: "),
            "{status}"
        );

        let status = say(&mut channel, 1, "hi").await.unwrap_err();
        assert!(
            status
                .message()
                .starts_with("the reply of demo.Echo/Hint is not a valid alloc::string::String: "),
            "{status}"
        );
    }

    #[tokio::test]
    async fn a_method_that_is_not_described_is_unimplemented_and_not_sent() {
        let mut channel = channel(|_| Err("sent".into()));
        let status = say(&mut channel, 2, "hi").await.unwrap_err();
        assert_eq!((status.code(), channel.asked), (Code::Unimplemented, 0));
    }

    #[test]
    fn a_call_can_be_made_on_any_thread() {
        fn assert_send(_: impl Send) {}
        assert_send(say(&mut channel(|_| Err("".into())), 0, ""));
    }
}

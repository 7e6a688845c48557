use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use prost::Message;
use tower_service::Service;

use super::message_name;
use crate::call::{
    Body, BoxError, CallHandle, IdempotencyKey, Receipt, Request, Response, Status, Wanted,
};
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

/// Calls the method at an index of a service. The request is encoded at once, and sent when the call
/// is first polled.
pub fn call_unary<'c, S, Req, Res>(
    inner: &'c mut S,
    service: &'static ServiceDescriptor,
    index: usize,
    request: Request<Req>,
) -> UnaryCall<'c, S, Res>
where
    S: CallService,
    Req: Message,
{
    let state = match described(service, index) {
        Ok(method) => {
            let mut request = request.map(|message| Body::new(message.encode_to_vec()));
            let parts = request.parts_mut();
            parts.method = Some(method);
            if method.descriptor().deduplicated {
                // Before layers that may make the call again see it.
                parts
                    .idempotency_key
                    .get_or_insert_with(IdempotencyKey::random);
            }
            State::Waiting {
                inner,
                request: Some(request),
            }
        }
        Err(status) => State::Refused {
            status: Some(status),
        },
    };
    UnaryCall {
        state,
        service,
        index,
        reply: PhantomData,
    }
}

/// The method at an index, or why it can't be called.
pub(super) fn described(
    service: &'static ServiceDescriptor,
    index: usize,
) -> Result<Method, Status> {
    Method::new(service, index).ok_or_else(|| {
        Status::unimplemented(format!(
            "{} has no method with the index {index}",
            service.name
        ))
    })
}

pin_project! {
    /// A call that a generated client makes: a future that is no larger than it has to be, since
    /// there may be as many as calls are pending. To drop it cancels the call.
    #[must_use = "futures do nothing unless polled"]
    pub struct UnaryCall<'c, S, Res>
    where
        S: CallService,
    {
        #[pin]
        state: State<'c, S>,
        service: &'static ServiceDescriptor,
        index: usize,
        reply: PhantomData<fn() -> Res>,
    }
}

pin_project! {
    #[project = Step]
    enum State<'c, S>
    where
        S: CallService,
    {
        // For the service to be ready.
        Waiting { inner: &'c mut S, request: Option<Request<Body>> },
        Calling { #[pin] call: S::Future },
        Refused { status: Option<Status> },
    }
}

impl<S: CallService, Res> UnaryCall<'_, S, Res> {
    /// Leaves the call with Kafka instead of waiting for its reply: ends when all brokers in sync
    /// have the request. Then it outlives this process, and [`Channel::reply`](crate::Channel::reply)
    /// waits for the reply by the handle, here or elsewhere, at any time before the reply topic
    /// forgets it.
    ///
    /// The call has the request's timeout, or else one hour; a server that comes back later does not
    /// handle it. To drop this future does not cancel the call: the request may be written already.
    ///
    /// ```no_run
    /// # use kafka_rpc::{CallHandle, Channel, Request, Response, Status};
    /// # #[derive(Clone, PartialEq, kafka_rpc::prost::Message)]
    /// # #[prost(prost_path = "::kafka_rpc::prost")]
    /// # struct Order {}
    /// # #[kafka_rpc::service(name = "shop.v1.Orders")]
    /// # trait Orders {
    /// #     async fn place_order(&self, request: Request<Order>) -> Result<Response<Order>, Status>;
    /// # }
    /// # async fn run(channel: Channel) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut orders = OrdersClient::new(channel.clone());
    /// let handle = orders.place_order(Order {}).enqueue().await?;
    /// let text = handle.to_string();
    ///
    /// // Later, maybe in another process:
    /// let handle: CallHandle<Order> = text.parse()?;
    /// let order = channel.reply(&handle).await?.into_inner();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `DEADLINE_EXCEEDED` where the acknowledgement did not come in time, `UNAVAILABLE` where it
    /// will not come: the request may be kept all the same, and be handled. `RESOURCE_EXHAUSTED`
    /// for one that is too large, or that is one too many. Those of a call whose topics can't be
    /// used.
    pub async fn enqueue(self) -> Result<CallHandle<Res>, Status> {
        let (inner, mut request) = match self.state {
            State::Waiting {
                inner,
                request: Some(request),
            } => (inner, request),
            State::Refused {
                status: Some(status),
            } => return Err(status),
            // It was polled before.
            _ => return Err(Status::polled_again()),
        };
        request.parts_mut().wanted = Wanted::Receipt;
        poll_fn(|cx| inner.poll_ready(cx))
            .await
            .map_err(status_of)?;
        let mut response = inner.call(request).await.map_err(status_of)?;
        let receipt = response.extensions_mut().remove::<Receipt>();
        let lost = || Status::internal("a layer has dropped what the channel says of the call");
        receipt.map(CallHandle::new).ok_or_else(lost)
    }
}

impl<S: CallService, Res: Message + Default> Future for UnaryCall<'_, S, Res> {
    type Output = Result<Response<Res>, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let call = match this.state.as_mut().project() {
                Step::Waiting { inner, request } => {
                    ready!(inner.poll_ready(cx)).map_err(status_of)?;
                    inner.call(request.take().unwrap_or_default())
                }
                Step::Calling { call } => {
                    let response = ready!(call.poll(cx)).map_err(status_of)?;
                    return Poll::Ready(decoded(this.service, *this.index, response));
                }
                Step::Refused { status } => {
                    return Poll::Ready(Err(status.take().unwrap_or_else(Status::polled_again)));
                }
            };
            this.state.set(State::Calling { call });
        }
    }
}

impl<S: CallService, Res> fmt::Debug for UnaryCall<'_, S, Res> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnaryCall").finish_non_exhaustive()
    }
}

/// The response with its message.
pub(super) fn decoded<Res: Message + Default>(
    service: &'static ServiceDescriptor,
    index: usize,
    response: Response<Body>,
) -> Result<Response<Res>, Status> {
    let (metadata, body, extensions) = response.into_parts();
    let message = Res::decode(body.into_bytes()).map_err(|error| {
        let (path, output) = service
            .methods
            .get(index)
            .map_or((service.name, ""), |method| (method.path, method.output));
        let expected = message_name::<Res>(output);
        Status::internal(format!(
            "the reply of {path} is not a valid {expected}: {error}"
        ))
    })?;
    Ok(Response::from_parts(metadata, message, extensions))
}

pub(super) fn status_of(error: impl Into<BoxError>) -> Status {
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

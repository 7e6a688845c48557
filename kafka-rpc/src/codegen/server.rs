use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use prost::Message;

use super::message_name;
use crate::call::{Body, Request, Response, Status};
use crate::descriptor::{Method, ServiceDescriptor};
use crate::server::BoxFuture;

/// Handles one call: decodes the request, runs the handler, and encodes its reply.
///
/// The request is decoded at once, so that what is kept is the handler's future and no more.
pub fn unary<Req, Res, F, Fut>(request: Request<Body>, handler: F) -> Unary<Fut>
where
    Req: Message + Default,
    Res: Message,
    F: FnOnce(Request<Req>) -> Fut,
    Fut: Future<Output = Result<Response<Res>, Status>>,
{
    let handling = match decoded(request) {
        Ok(request) => Handling::Running {
            handler: handler(request),
        },
        Err(status) => Handling::Refused {
            status: Some(status),
        },
    };
    Unary { handling }
}

/// The request with its message.
pub(super) fn decoded<Req: Message + Default>(
    request: Request<Body>,
) -> Result<Request<Req>, Status> {
    let (parts, body) = request.split();
    match Req::decode(body.into_bytes()) {
        Ok(message) => Ok(Request::join(parts, message)),
        Err(error) => {
            let expected = input_name::<Req>(parts.method);
            let wrong = format!("the request is not a valid {expected}: {error}");
            Err(Status::invalid_argument(wrong))
        }
    }
}

/// What to call the request's message in an error.
pub(super) fn input_name<Req>(method: Option<Method>) -> &'static str {
    message_name::<Req>(method.map_or("", |method| method.descriptor().input))
}

/// The response with its message encoded.
pub(super) fn encoded<Res: Message>(response: Response<Res>) -> Response<Body> {
    response.map(|message| Body::new(message.encode_to_vec()))
}

pin_project! {
    /// A call that a generated server handles.
    #[must_use = "futures do nothing unless polled"]
    pub struct Unary<Fut> {
        #[pin]
        handling: Handling<Fut>,
    }
}

pin_project! {
    #[project = Step]
    enum Handling<Fut> {
        Running { #[pin] handler: Fut },
        Refused { status: Option<Status> },
    }
}

impl<Fut, Res> Future for Unary<Fut>
where
    Fut: Future<Output = Result<Response<Res>, Status>>,
    Res: Message,
{
    type Output = Result<Response<Body>, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().handling.project() {
            Step::Running { handler } => Poll::Ready(Ok(encoded(ready!(handler.poll(cx))?))),
            Step::Refused { status } => {
                Poll::Ready(Err(status.take().unwrap_or_else(Status::polled_again)))
            }
        }
    }
}

impl<Fut> fmt::Debug for Unary<Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unary").finish_non_exhaustive()
    }
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
    Box::pin(std::future::ready(Err(status)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Code;
    use crate::descriptor::MethodDescriptor;

    static ECHO: ServiceDescriptor = ServiceDescriptor::new(
        "demo.Echo",
        &[MethodDescriptor::new("Say", "demo.Echo/Say").messages("demo.Word", "demo.Word")],
    );

    async fn shout(request: Request<String>) -> Result<Response<String>, Status> {
        let tag = request.metadata().get("tag").cloned();
        let mut response = Response::new(request.into_inner().to_uppercase());
        response.metadata_mut().insert(
            "tag",
            tag.ok_or_else(|| Status::failed_precondition("no tag"))?,
        )?;
        Ok(response)
    }

    #[tokio::test]
    async fn a_request_is_decoded_handled_and_its_reply_encoded() {
        let mut request = Request::new(Body::new(&b"\x0a\x02hi"[..]));
        request
            .metadata_mut()
            .insert("tag", "t".parse().unwrap())
            .unwrap();
        let response = unary(request, shout).await.unwrap();
        assert_eq!(response.metadata().get("tag").unwrap(), "t");
        assert_eq!(response.get_ref().as_bytes(), b"\x0a\x02HI");
    }

    #[tokio::test]
    async fn a_handlers_status_is_the_answer() {
        let status = unary(Request::new(Body::default()), shout)
            .await
            .unwrap_err();
        assert_eq!(
            (status.code(), status.message()),
            (Code::FailedPrecondition, "no tag")
        );
    }

    #[tokio::test]
    async fn a_request_that_is_not_the_message_is_an_invalid_argument_and_names_it() {
        let broken = || Request::new(Body::new(&b"\xff"[..]));
        let status = unary(broken(), shout).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(
            status
                .message()
                .starts_with("the request is not a valid alloc::string::String: "),
            "{status}"
        );

        let mut request = broken();
        request.parts_mut().method = Method::new(&ECHO, 0);
        let status = unary(request, shout).await.unwrap_err();
        assert!(
            status
                .message()
                .starts_with("the request is not a valid demo.Word: "),
            "{status}"
        );
    }

    #[tokio::test]
    async fn an_unknown_method_is_unimplemented() {
        let status = unknown_method(&ECHO, 9).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented);
        assert_eq!(status.message(), "demo.Echo has no method with the index 9");
    }
}

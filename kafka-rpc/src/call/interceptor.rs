use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::{Body, BoxError, Request, RequestParts, Response, Status};
use crate::descriptor::ServiceDescriptor;
use crate::server::{BoxFuture, RpcService};

/// Reads and changes what goes with a request, or refuses it, before it is sent or handled.
///
/// Any `FnMut(Request<()>) -> Result<Request<()>, Status>` is one. It sees all of a request but the
/// message. Generated clients and servers take one in `with_interceptor`. To see replies, or to
/// wait for something, write a `tower` layer.
///
/// ```
/// use kafka_rpc::{Request, Status};
///
/// fn authorized(request: Request<()>) -> Result<Request<()>, Status> {
///     match request.metadata().get("authorization") {
///         Some(token) if *token == "Bearer 1234" => Ok(request),
///         _ => Err(Status::unauthenticated("no valid token")),
///     }
/// }
/// # fn interceptor(_: impl kafka_rpc::Interceptor) {}
/// # interceptor(authorized);
/// ```
pub trait Interceptor {
    /// Gives back the request, changed or not, or the status that refuses it.
    fn call(&mut self, request: Request<()>) -> Result<Request<()>, Status>;
}

impl<F> Interceptor for F
where
    F: FnMut(Request<()>) -> Result<Request<()>, Status>,
{
    fn call(&mut self, request: Request<()>) -> Result<Request<()>, Status> {
        self(request)
    }
}

/// A client's channel or a server's service behind an [`Interceptor`].
///
/// Around a server's service each call gets a clone of the interceptor, since calls run
/// concurrently.
#[derive(Clone, Copy)]
pub struct InterceptedService<S, F> {
    inner: S,
    interceptor: F,
}

impl<S, F: Interceptor> InterceptedService<S, F> {
    /// Puts an interceptor before `inner`.
    pub fn new(inner: S, interceptor: F) -> Self {
        Self { inner, interceptor }
    }
}

impl<S: fmt::Debug, F> fmt::Debug for InterceptedService<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InterceptedService")
            .field("inner", &self.inner)
            .field(
                "interceptor",
                &format_args!("{}", std::any::type_name::<F>()),
            )
            .finish()
    }
}

fn intercept(
    interceptor: &mut impl Interceptor,
    request: Request<Body>,
) -> Result<Request<Body>, Status> {
    let (mut before, body) = request.into_parts();
    let shown = RequestParts {
        metadata: std::mem::take(&mut before.metadata),
        extensions: std::mem::take(&mut before.extensions),
        ..before.clone()
    };
    let (mut parts, ()) = interceptor
        .call(Request::from_parts(shown, ()))?
        .into_parts();
    // An interceptor may answer with a request of its own making. That must not take the call's
    // facts away, nor the place in its order.
    parts.method = before.method;
    parts.deadline = before.deadline;
    parts.origin = before.origin;
    parts.timeout = parts.timeout.or(before.timeout);
    parts.key = parts.key.or(before.key);
    Ok(Request::from_parts(parts, body))
}

impl<S, F> Service<Request<Body>> for InterceptedService<S, F>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Error: Into<BoxError>,
    F: Interceptor,
{
    type Response = Response<Body>;
    type Error = Status;
    type Future = InterceptedFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        self.inner
            .poll_ready(cx)
            .map_err(|error| Status::from_error(error.into()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match intercept(&mut self.interceptor, request) {
            Ok(request) => InterceptedFuture {
                state: State::Passed {
                    reply: self.inner.call(request),
                },
            },
            Err(status) => InterceptedFuture {
                state: State::Refused { status },
            },
        }
    }
}

pin_project! {
    /// The reply of an [`InterceptedService`], or its refusal.
    #[derive(Debug)]
    pub struct InterceptedFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = StateProjection]
    enum State<F> {
        Passed { #[pin] reply: F },
        Refused { status: Status },
    }
}

impl<F, E> Future for InterceptedFuture<F>
where
    F: Future<Output = Result<Response<Body>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<Body>, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Passed { reply } => reply
                .poll(cx)
                .map_err(|error| Status::from_error(error.into())),
            StateProjection::Refused { status } => Poll::Ready(Err(status.clone())),
        }
    }
}

impl<S, F> RpcService for InterceptedService<S, F>
where
    S: RpcService,
    F: Interceptor + Clone + Send + Sync + 'static,
{
    fn descriptor(&self) -> &'static ServiceDescriptor {
        self.inner.descriptor()
    }

    fn call(
        &self,
        method: usize,
        request: Request<Body>,
    ) -> BoxFuture<Result<Response<Body>, Status>> {
        match intercept(&mut self.interceptor.clone(), request) {
            Ok(request) => self.inner.call(method, request),
            Err(status) => Box::pin(std::future::ready(Err(status))),
        }
    }
}

#[cfg(test)]
mod tests;

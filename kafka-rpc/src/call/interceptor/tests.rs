use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

use super::*;
use crate::call::{Code, Deadline, Origin};
use crate::descriptor::{Method, MethodDescriptor};

static ECHO: ServiceDescriptor = ServiceDescriptor::new(
    "demo.Echo",
    &[MethodDescriptor::new("Say", "demo.Echo/Say")],
);

/// Answers with the request's body and metadata, and counts its calls.
#[derive(Debug, Clone, Default)]
struct Echo {
    calls: Arc<AtomicUsize>,
    broken: bool,
}

impl Echo {
    fn answer(&self, request: Request<Body>) -> Result<Response<Body>, Status> {
        self.calls.fetch_add(1, Relaxed);
        let (parts, body) = request.into_parts();
        if self.broken {
            return Err(Status::data_loss("broken"));
        }
        Ok(Response::from_parts(parts.metadata, body, parts.extensions))
    }
}

impl Service<Request<Body>> for Echo {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = std::future::Ready<Result<Response<Body>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(if self.broken {
            Err("not ready".into())
        } else {
            Ok(())
        })
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        std::future::ready(self.answer(request).map_err(BoxError::from))
    }
}

impl RpcService for Echo {
    fn descriptor(&self) -> &'static ServiceDescriptor {
        &ECHO
    }

    fn call(&self, _: usize, request: Request<Body>) -> BoxFuture<Result<Response<Body>, Status>> {
        let answer = self.answer(request);
        Box::pin(std::future::ready(answer))
    }
}

fn tagged(mut request: Request<()>) -> Result<Request<()>, Status> {
    request.metadata_mut().insert("tag", "t".parse()?)?;
    request.extensions_mut().insert("left by the interceptor");
    Ok(request)
}

fn refused(_: Request<()>) -> Result<Request<()>, Status> {
    Err(Status::unauthenticated("who?"))
}

#[tokio::test]
async fn a_clients_request_is_changed_before_it_is_sent() {
    let mut service = InterceptedService::new(Echo::default(), tagged);
    let response = Service::call(&mut service, Request::new(Body::new("hi")))
        .await
        .unwrap();
    assert_eq!(response.metadata().get("tag").unwrap(), "t");
    assert_eq!(
        response.extensions().get(),
        Some(&"left by the interceptor")
    );
    assert_eq!(response.into_inner().as_bytes(), b"hi");
}

#[tokio::test]
async fn a_refused_request_is_not_sent() {
    let echo = Echo::default();
    let mut service = InterceptedService::new(echo.clone(), refused);
    let status = Service::call(&mut service, Request::new(Body::default()))
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), echo.calls.load(Relaxed)),
        (Code::Unauthenticated, 0)
    );
}

#[tokio::test]
async fn an_inner_error_comes_out_as_its_status() {
    let mut service = InterceptedService::new(
        Echo {
            broken: true,
            ..Echo::default()
        },
        tagged,
    );
    let status = std::future::poll_fn(|cx| service.poll_ready(cx))
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::Unknown, "not ready")
    );
    let status = Service::call(&mut service, Request::new(Body::default()))
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::DataLoss, "broken")
    );
}

#[tokio::test]
async fn a_servers_request_is_changed_or_refused_before_it_is_handled() {
    let echo = Echo::default();
    let service = InterceptedService::new(echo.clone(), tagged);
    assert_eq!(service.descriptor().name, "demo.Echo");
    let response = RpcService::call(&service, 0, Request::new(Body::default()))
        .await
        .unwrap();
    assert_eq!(response.metadata().get("tag").unwrap(), "t");

    let service = InterceptedService::new(echo.clone(), refused);
    let status = RpcService::call(&service, 0, Request::new(Body::default()))
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), echo.calls.load(Relaxed)),
        (Code::Unauthenticated, 1)
    );
}

#[test]
fn a_new_request_from_the_interceptor_keeps_the_calls_facts_and_key() {
    let mut request = Request::new(Body::default());
    request
        .metadata_mut()
        .insert("tag", "t".parse().unwrap())
        .unwrap();
    request.set_key("k");
    request.set_timeout(Duration::from_secs(1));
    let deadline = Deadline::after(Duration::from_secs(1));
    let origin = Origin {
        topic: "t".into(),
        partition: 1,
        offset: 2,
        timestamp: SystemTime::UNIX_EPOCH,
    };
    request.parts_mut().deadline = Some(deadline);
    request.parts_mut().origin = Some(origin.clone());
    request.parts_mut().method = Method::new(&ECHO, 0);

    let mut fresh = |_: Request<()>| Ok(Request::new(()));
    let request = intercept(&mut fresh, request).unwrap();
    assert!(request.metadata().is_empty());
    assert_eq!(
        (request.key(), request.timeout()),
        (Some(&b"k"[..]), Some(Duration::from_secs(1)))
    );
    assert_eq!(
        (request.deadline(), request.origin()),
        (Some(deadline), Some(&origin))
    );
    assert_eq!(request.method().unwrap().descriptor().path, "demo.Echo/Say");
}

#[test]
fn an_interceptor_sees_the_call_and_may_set_key_and_timeout() {
    let mut request = Request::new(Body::default());
    request.set_key("k");
    request.parts_mut().method = Method::new(&ECHO, 0);

    let mut rekeyed = |mut request: Request<()>| {
        assert_eq!(request.method().unwrap().index(), 0);
        assert_eq!(request.key(), Some(&b"k"[..]));
        request.set_key("other");
        request.set_timeout(Duration::from_millis(5));
        Ok(request)
    };
    let request = intercept(&mut rekeyed, request).unwrap();
    assert_eq!(
        (request.key(), request.timeout()),
        (Some(&b"other"[..]), Some(Duration::from_millis(5)))
    );
}

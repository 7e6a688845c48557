//! What stands in for Kafka: a tower service that hands each call to a server at once.

use std::sync::Arc;
use std::task::{Context, Poll};

use kafka_rpc::server::{BoxFuture, RpcService};
use kafka_rpc::{Body, Request, Response, Status};
use tower_service::Service;

pub(crate) struct Direct<S>(Arc<S>);

impl<S> Direct<S> {
    pub(crate) fn to(server: S) -> Self {
        Self(Arc::new(server))
    }
}

impl<S> Clone for Direct<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: RpcService> Service<Request<Body>> for Direct<S> {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<Result<Response<Body>, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let method = request
            .method()
            .expect("a client says which method it calls");
        assert_eq!(method.service().name, self.0.descriptor().name);
        self.0.call(method.index(), request)
    }
}

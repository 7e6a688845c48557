use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_service::Service;

use super::service::{BoxFuture, RpcService};
use crate::call::{Body, Request, Response, Status};
use crate::descriptor::ServiceDescriptor;
use crate::hashing::HashMap;

/// The innermost service of a server, around which its layers lie: hands a request to the service
/// that its method belongs to.
#[derive(Clone)]
pub struct Routes {
    services: Arc<HashMap<usize, Arc<dyn RpcService>>>,
}

impl Routes {
    pub(super) fn new(services: &[Arc<dyn RpcService>]) -> Self {
        let services = services
            .iter()
            .map(|service| (address(service.descriptor()), Arc::clone(service)))
            .collect();
        Self {
            services: Arc::new(services),
        }
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self
            .services
            .values()
            .map(|service| service.descriptor().name);
        f.debug_set().entries(names).finish()
    }
}

/// Descriptions of services are statics: their address tells them apart.
fn address(descriptor: &'static ServiceDescriptor) -> usize {
    std::ptr::from_ref(descriptor).addr()
}

impl Service<Request<Body>> for Routes {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<Result<Response<Body>, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let method = request.method();
        let service = method.and_then(|method| self.services.get(&address(method.service())));
        match (method, service) {
            (Some(method), Some(service)) => service.call(method.index(), request),
            _ => Box::pin(async {
                Err(Status::unimplemented(
                    "the request's method belongs to no service here",
                ))
            }),
        }
    }
}

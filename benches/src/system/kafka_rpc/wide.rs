//! A service with as many methods as one likes: described in code, and called as generated code calls.

use kafka_rpc::codegen;
use kafka_rpc::server::{BoxFuture, RpcService};
use kafka_rpc::{Body, Channel, MethodDescriptor, Request, Response, ServiceDescriptor, Status};

use super::proto::Message;

const MESSAGE: &str = "bench.v1.Message";

/// The service `bench.v1.<name>` with methods `Say0`, `Say1`, and so on. Descriptions are never freed: a process makes few.
pub(super) fn describe(name: &str, methods: u32) -> &'static ServiceDescriptor {
    let service: &'static str = format!("bench.v1.{name}").leak();
    let methods: Vec<MethodDescriptor> = (0..methods)
        .map(|index| {
            let name: &'static str = format!("Say{index}").leak();
            let path: &'static str = format!("{service}/{name}").leak();
            MethodDescriptor::new(name, path).messages(MESSAGE, MESSAGE)
        })
        .collect();
    Box::leak(Box::new(ServiceDescriptor::new(service, methods.leak())))
}

/// Answers each message of each method with itself.
pub(super) struct WideServer(pub(super) &'static ServiceDescriptor);

impl RpcService for WideServer {
    fn descriptor(&self) -> &'static ServiceDescriptor {
        self.0
    }

    fn call(&self, _: usize, request: Request<Body>) -> BoxFuture<Result<Response<Body>, Status>> {
        Box::pin(codegen::unary(
            request,
            async |request: Request<Message>| Ok(Response::new(request.into_inner())),
        ))
    }
}

/// Calls the method with this index.
pub(super) fn call(
    channel: &mut Channel,
    service: &'static ServiceDescriptor,
    method: usize,
    request: Request<Message>,
) -> impl Future<Output = Result<Response<Message>, Status>> {
    codegen::call_unary(channel, service, method, request)
}

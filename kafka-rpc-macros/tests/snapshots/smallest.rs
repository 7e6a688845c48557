trait Greeter: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> impl ::core::future::Future<
        Output = Result<Response<HelloReply>, Status>,
    > + ::core::marker::Send;
}
#[allow(dead_code)]
static GREETER_DESCRIPTOR: ::kafka_rpc::ServiceDescriptor = {
    const METHODS: &[::kafka_rpc::MethodDescriptor] = &[
        ::kafka_rpc::MethodDescriptor::new("SayHello", "greeter.v1.Greeter/SayHello"),
    ];
    ::kafka_rpc::ServiceDescriptor::new("greeter.v1.Greeter", METHODS)
};
/// Serves an implementation of [`Greeter`] as `greeter.v1.Greeter`.
#[derive(::core::fmt::Debug)]
#[allow(dead_code, deprecated)]
struct GreeterServer<T> {
    inner: ::std::sync::Arc<T>,
}
#[allow(dead_code, deprecated)]
impl<T: Greeter> GreeterServer<T> {
    /// What the service is called, which methods it has, and how they travel.
    pub const DESCRIPTOR: &'static ::kafka_rpc::ServiceDescriptor = &GREETER_DESCRIPTOR;
    /// Serves `service`.
    pub fn new(service: T) -> Self {
        Self::from_arc(::std::sync::Arc::new(service))
    }
    /// Serves a `service` that is also held elsewhere.
    pub fn from_arc(service: ::std::sync::Arc<T>) -> Self {
        Self { inner: service }
    }
    /// Serves `service`; every request passes through `interceptor` first.
    pub fn with_interceptor<F: ::kafka_rpc::Interceptor>(
        service: T,
        interceptor: F,
    ) -> ::kafka_rpc::InterceptedService<Self, F> {
        ::kafka_rpc::InterceptedService::new(Self::new(service), interceptor)
    }
}
#[allow(deprecated)]
impl<T> ::core::clone::Clone for GreeterServer<T> {
    fn clone(&self) -> Self {
        Self {
            inner: ::std::sync::Arc::clone(&self.inner),
        }
    }
}
#[allow(deprecated)]
impl<T: Greeter> ::kafka_rpc::server::RpcService for GreeterServer<T> {
    fn descriptor(&self) -> &'static ::kafka_rpc::ServiceDescriptor {
        &GREETER_DESCRIPTOR
    }
    fn call(
        &self,
        method: usize,
        request: ::kafka_rpc::Request<::kafka_rpc::Body>,
    ) -> ::kafka_rpc::server::BoxFuture<
        ::core::result::Result<
            ::kafka_rpc::Response<::kafka_rpc::Body>,
            ::kafka_rpc::Status,
        >,
    > {
        let service = ::std::sync::Arc::clone(&self.inner);
        match method {
            0usize => {
                ::std::boxed::Box::pin(
                    ::kafka_rpc::codegen::unary(
                        request,
                        move |request| async move {
                            <T as Greeter>::say_hello(&service, request).await
                        },
                    ),
                )
            }
            _ => ::kafka_rpc::codegen::unknown_method(&GREETER_DESCRIPTOR, method),
        }
    }
}
/// Calls `greeter.v1.Greeter`.
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
#[allow(dead_code, deprecated)]
struct GreeterClient<S = ::kafka_rpc::Channel> {
    inner: S,
}
#[allow(dead_code, deprecated)]
impl<S> GreeterClient<S> {
    /// What the service is called, which methods it has, and how they travel.
    pub const DESCRIPTOR: &'static ::kafka_rpc::ServiceDescriptor = &GREETER_DESCRIPTOR;
    /// A client whose calls go through `inner`: a channel, or one in layers.
    pub fn new(inner: S) -> Self {
        Self { inner }
    }
    /// A client whose requests pass through `interceptor` before they go to `inner`.
    pub fn with_interceptor<F: ::kafka_rpc::Interceptor>(
        inner: S,
        interceptor: F,
    ) -> GreeterClient<::kafka_rpc::InterceptedService<S, F>> {
        GreeterClient::new(::kafka_rpc::InterceptedService::new(inner, interceptor))
    }
}
#[allow(dead_code, deprecated)]
impl<S: ::kafka_rpc::codegen::CallService> GreeterClient<S> {
    /// Calls `greeter.v1.Greeter/SayHello`.
    pub fn say_hello(
        &mut self,
        request: impl ::kafka_rpc::IntoRequest<HelloRequest>,
    ) -> ::kafka_rpc::codegen::UnaryCall<'_, S, HelloReply> {
        let request = ::kafka_rpc::IntoRequest::into_request(request);
        ::kafka_rpc::codegen::call_unary(
            &mut self.inner,
            &GREETER_DESCRIPTOR,
            0usize,
            request,
        )
    }
}

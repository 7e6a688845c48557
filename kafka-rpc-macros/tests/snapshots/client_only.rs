pub trait Clock: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn now(
        &self,
        request: Request<()>,
    ) -> impl ::core::future::Future<
        Output = Result<Response<Time>, Status>,
    > + ::core::marker::Send;
}
#[allow(dead_code)]
static CLOCK_DESCRIPTOR: ::kafka_rpc::ServiceDescriptor = {
    const METHODS: &[::kafka_rpc::MethodDescriptor] = &[
        ::kafka_rpc::MethodDescriptor::new("Now", "clock.Clock/Now")
            .topic("time.requests"),
    ];
    ::kafka_rpc::ServiceDescriptor::new("clock.Clock", METHODS)
};
/// Calls `clock.Clock`.
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
#[allow(dead_code, deprecated)]
pub struct ClockClient<S = ::kafka_rpc::Channel> {
    inner: S,
}
#[allow(dead_code, deprecated)]
impl<S> ClockClient<S> {
    /// What the service is called, which methods it has, and how they travel.
    pub const DESCRIPTOR: &'static ::kafka_rpc::ServiceDescriptor = &CLOCK_DESCRIPTOR;
    /// A client whose calls go through `inner`: a channel, or one in layers.
    pub fn new(inner: S) -> Self {
        Self { inner }
    }
    /// A client whose requests pass through `interceptor` before they go to `inner`.
    pub fn with_interceptor<F: ::kafka_rpc::Interceptor>(
        inner: S,
        interceptor: F,
    ) -> ClockClient<::kafka_rpc::InterceptedService<S, F>> {
        ClockClient::new(::kafka_rpc::InterceptedService::new(inner, interceptor))
    }
}
#[allow(dead_code, deprecated)]
impl<S: ::kafka_rpc::codegen::CallService> ClockClient<S> {
    /// Calls `clock.Clock/Now`.
    pub fn now(
        &mut self,
        request: impl ::kafka_rpc::IntoRequest<()>,
    ) -> ::kafka_rpc::codegen::UnaryCall<'_, S, Time> {
        let request = ::kafka_rpc::IntoRequest::into_request(request);
        ::kafka_rpc::codegen::call_unary(
            &mut self.inner,
            &CLOCK_DESCRIPTOR,
            0usize,
            request,
        )
    }
}

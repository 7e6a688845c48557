trait Prices: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn set(
        &self,
        request: Request<Price>,
    ) -> impl ::core::future::Future<
        Output = Result<Response<()>, Status>,
    > + ::core::marker::Send;
    fn get(
        &self,
        request: Request<String>,
    ) -> impl ::core::future::Future<
        Output = Result<Response<Price>, Status>,
    > + ::core::marker::Send;
}
#[allow(dead_code)]
static PRICES_DESCRIPTOR: ::kafka_rpc::ServiceDescriptor = {
    const METHODS: &[::kafka_rpc::MethodDescriptor] = &[
        ::kafka_rpc::MethodDescriptor::new("Set", "prices.v1.Prices/Set")
            .retry(RetryPolicy::new().attempts(4)),
        ::kafka_rpc::MethodDescriptor::new("Get", "prices.v1.Prices/Get")
            .idempotency(::kafka_rpc::Idempotency::NoSideEffects)
            .hedging(HEDGING),
    ];
    ::kafka_rpc::ServiceDescriptor::new("prices.v1.Prices", METHODS)
};
/// Calls `prices.v1.Prices`.
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
#[allow(dead_code, deprecated)]
struct PricesClient<S = ::kafka_rpc::Channel> {
    inner: S,
}
#[allow(dead_code, deprecated)]
impl<S> PricesClient<S> {
    /// What the service is called, which methods it has, and how they travel.
    pub const DESCRIPTOR: &'static ::kafka_rpc::ServiceDescriptor = &PRICES_DESCRIPTOR;
    /// A client whose calls go through `inner`: a channel, or one in layers.
    pub fn new(inner: S) -> Self {
        Self { inner }
    }
    /// A client whose requests pass through `interceptor` before they go to `inner`.
    pub fn with_interceptor<F: ::kafka_rpc::Interceptor>(
        inner: S,
        interceptor: F,
    ) -> PricesClient<::kafka_rpc::InterceptedService<S, F>> {
        PricesClient::new(::kafka_rpc::InterceptedService::new(inner, interceptor))
    }
}
#[allow(dead_code, deprecated)]
impl<S: ::kafka_rpc::codegen::CallService> PricesClient<S> {
    /// Calls `prices.v1.Prices/Set`.
    pub fn set(
        &mut self,
        request: impl ::kafka_rpc::IntoRequest<Price>,
    ) -> ::kafka_rpc::codegen::UnaryCall<'_, S, ()> {
        let request = ::kafka_rpc::IntoRequest::into_request(request);
        ::kafka_rpc::codegen::call_unary(
            &mut self.inner,
            &PRICES_DESCRIPTOR,
            0usize,
            request,
        )
    }
    /// Calls `prices.v1.Prices/Get`.
    pub fn get(
        &mut self,
        request: impl ::kafka_rpc::IntoRequest<String>,
    ) -> ::kafka_rpc::codegen::UnaryCall<'_, S, Price> {
        let request = ::kafka_rpc::IntoRequest::into_request(request);
        ::kafka_rpc::codegen::call_unary(
            &mut self.inner,
            &PRICES_DESCRIPTOR,
            1usize,
            request,
        )
    }
}

trait Payments: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn pay(
        &self,
        request: Request<Payment>,
    ) -> impl ::core::future::Future<
        Output = Result<Response<()>, Status>,
    > + ::core::marker::Send;
    fn show(
        &self,
        request: Request<String>,
    ) -> impl ::core::future::Future<
        Output = Result<Response<Payment>, Status>,
    > + ::core::marker::Send;
}
#[allow(dead_code)]
static PAYMENTS_DESCRIPTOR: ::kafka_rpc::ServiceDescriptor = {
    const METHODS: &[::kafka_rpc::MethodDescriptor] = &[
        ::kafka_rpc::MethodDescriptor::new("Pay", "bank.v1.Payments/Pay")
            .redelivery(AGAIN)
            .deduplicated(),
        ::kafka_rpc::MethodDescriptor::new("Show", "bank.v1.Payments/Show"),
    ];
    ::kafka_rpc::ServiceDescriptor::new("bank.v1.Payments", METHODS)
};
/// Serves an implementation of [`Payments`] as `bank.v1.Payments`.
#[derive(::core::fmt::Debug)]
#[allow(dead_code, deprecated)]
struct PaymentsServer<T> {
    inner: ::std::sync::Arc<T>,
}
#[allow(dead_code, deprecated)]
impl<T: Payments> PaymentsServer<T> {
    /// What the service is called, which methods it has, and how they travel.
    pub const DESCRIPTOR: &'static ::kafka_rpc::ServiceDescriptor = &PAYMENTS_DESCRIPTOR;
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
impl<T> ::core::clone::Clone for PaymentsServer<T> {
    fn clone(&self) -> Self {
        Self {
            inner: ::std::sync::Arc::clone(&self.inner),
        }
    }
}
#[allow(deprecated)]
impl<T: Payments> ::kafka_rpc::server::RpcService for PaymentsServer<T> {
    fn descriptor(&self) -> &'static ::kafka_rpc::ServiceDescriptor {
        &PAYMENTS_DESCRIPTOR
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
                    ::kafka_rpc::codegen::unary_once(
                        request,
                        move |request| async move {
                            <T as Payments>::pay(&service, request).await
                        },
                    ),
                )
            }
            1usize => {
                ::std::boxed::Box::pin(
                    ::kafka_rpc::codegen::unary(
                        request,
                        move |request| async move {
                            <T as Payments>::show(&service, request).await
                        },
                    ),
                )
            }
            _ => ::kafka_rpc::codegen::unknown_method(&PAYMENTS_DESCRIPTOR, method),
        }
    }
}

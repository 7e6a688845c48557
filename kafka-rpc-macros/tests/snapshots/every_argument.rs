/// Takes orders.
#[deprecated]
pub(crate) trait Orders: ::core::fmt::Debug + ::core::marker::Send + ::core::marker::Sync + 'static {
    /// Places one.
    fn place_order(
        &self,
        request: ::kafka_rpc::Request<PlaceOrderRequest>,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<
            ::kafka_rpc::Response<PlaceOrderReply>,
            ::kafka_rpc::Status,
        >,
    > + ::core::marker::Send {
        async move {
            let _ = request;
            ::core::result::Result::Err(
                ::kafka_rpc::Status::unimplemented(
                    "shop.v1.Orders/PlaceOrder is not implemented",
                ),
            )
        }
    }
    #[deprecated = "place another"]
    fn cancel_order(
        &self,
        id: ::kafka_rpc::Request<String>,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::kafka_rpc::Response<()>, ::kafka_rpc::Status>,
    > + ::core::marker::Send {
        async move { Ok(::kafka_rpc::Response::new(())) }
    }
}
#[allow(dead_code)]
static ORDERS_DESCRIPTOR: ::kafka_rpc::ServiceDescriptor = {
    const METHODS: &[::kafka_rpc::MethodDescriptor] = &[
        ::kafka_rpc::MethodDescriptor::new("PlaceOrder", "shop.v1.Orders/PlaceOrder")
            .messages("shop.v1.PlaceOrderRequest", "shop.v1.PlaceOrderReply")
            .delivery(::kafka_rpc::Delivery::AtMostOnce)
            .idempotency(::kafka_rpc::Idempotency::NoSideEffects),
        ::kafka_rpc::MethodDescriptor::new("CancelOrder", "shop.v1.Orders/CancelOrder"),
    ];
    ::kafka_rpc::ServiceDescriptor::new("shop.v1.Orders", METHODS)
        .topics(::kafka_rpc::TopicLayout::PerService)
        .topic("shop.orders")
        .group("order-desk")
        .file_descriptor_set(FILE_DESCRIPTOR_SET)
};
/// Serves an implementation of [`Orders`] as `shop.v1.Orders`.
///
/// Takes orders.
#[deprecated]
#[derive(::core::fmt::Debug)]
#[allow(dead_code, deprecated)]
pub(crate) struct OrdersServer<T> {
    inner: ::std::sync::Arc<T>,
}
#[allow(dead_code, deprecated)]
impl<T: Orders> OrdersServer<T> {
    /// What the service is called, which methods it has, and how they travel.
    pub const DESCRIPTOR: &'static ::kafka_rpc::ServiceDescriptor = &ORDERS_DESCRIPTOR;
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
impl<T> ::core::clone::Clone for OrdersServer<T> {
    fn clone(&self) -> Self {
        Self {
            inner: ::std::sync::Arc::clone(&self.inner),
        }
    }
}
#[allow(deprecated)]
impl<T: Orders> ::kafka_rpc::server::RpcService for OrdersServer<T> {
    fn descriptor(&self) -> &'static ::kafka_rpc::ServiceDescriptor {
        &ORDERS_DESCRIPTOR
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
                            <T as Orders>::place_order(&service, request).await
                        },
                    ),
                )
            }
            1usize => {
                ::std::boxed::Box::pin(
                    ::kafka_rpc::codegen::unary(
                        request,
                        move |request| async move {
                            <T as Orders>::cancel_order(&service, request).await
                        },
                    ),
                )
            }
            _ => ::kafka_rpc::codegen::unknown_method(&ORDERS_DESCRIPTOR, method),
        }
    }
}
/// Calls `shop.v1.Orders`.
///
/// Takes orders.
#[deprecated]
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
#[allow(dead_code, deprecated)]
pub(crate) struct OrdersClient<S = ::kafka_rpc::Channel> {
    inner: S,
}
#[allow(dead_code, deprecated)]
impl<S> OrdersClient<S> {
    /// What the service is called, which methods it has, and how they travel.
    pub const DESCRIPTOR: &'static ::kafka_rpc::ServiceDescriptor = &ORDERS_DESCRIPTOR;
    /// A client whose calls go through `inner`: a channel, or one in layers.
    pub fn new(inner: S) -> Self {
        Self { inner }
    }
    /// A client whose requests pass through `interceptor` before they go to `inner`.
    pub fn with_interceptor<F: ::kafka_rpc::Interceptor>(
        inner: S,
        interceptor: F,
    ) -> OrdersClient<::kafka_rpc::InterceptedService<S, F>> {
        OrdersClient::new(::kafka_rpc::InterceptedService::new(inner, interceptor))
    }
}
#[allow(dead_code, deprecated)]
impl<S: ::kafka_rpc::codegen::CallService> OrdersClient<S> {
    /// Places one.
    pub fn place_order(
        &mut self,
        request: impl ::kafka_rpc::IntoRequest<PlaceOrderRequest>,
    ) -> ::kafka_rpc::codegen::UnaryCall<'_, S, PlaceOrderReply> {
        let mut request = ::kafka_rpc::IntoRequest::into_request(request);
        let key = request
            .get_ref()
            .customer
            .as_ref()
            .and_then(|value| ::kafka_rpc::codegen::KeyField::key_bytes(&value.id));
        ::kafka_rpc::codegen::default_key(&mut request, key);
        ::kafka_rpc::codegen::call_unary(
            &mut self.inner,
            &ORDERS_DESCRIPTOR,
            0usize,
            request,
        )
    }
    /// Calls `shop.v1.Orders/CancelOrder`.
    #[deprecated = "place another"]
    pub fn cancel_order(
        &mut self,
        request: impl ::kafka_rpc::IntoRequest<String>,
    ) -> ::kafka_rpc::codegen::UnaryCall<'_, S, ()> {
        let mut request = ::kafka_rpc::IntoRequest::into_request(request);
        let key = ::kafka_rpc::codegen::KeyField::key_bytes(request.get_ref());
        ::kafka_rpc::codegen::default_key(&mut request, key);
        ::kafka_rpc::codegen::call_unary(
            &mut self.inner,
            &ORDERS_DESCRIPTOR,
            1usize,
            request,
        )
    }
}

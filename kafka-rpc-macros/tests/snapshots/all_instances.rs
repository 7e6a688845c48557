pub trait Cache: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn get(
        &self,
        request: Request<String>,
    ) -> impl ::core::future::Future<
        Output = Result<Response<Entry>, Status>,
    > + ::core::marker::Send;
    fn forget(
        &self,
        request: Request<String>,
    ) -> impl ::core::future::Future<
        Output = Result<Response<u64>, Status>,
    > + ::core::marker::Send;
}
#[allow(dead_code)]
static CACHE_DESCRIPTOR: ::kafka_rpc::ServiceDescriptor = {
    const METHODS: &[::kafka_rpc::MethodDescriptor] = &[
        ::kafka_rpc::MethodDescriptor::new("Get", "cache.v1.Cache/Get")
            .routing(::kafka_rpc::Routing::One),
        ::kafka_rpc::MethodDescriptor::new("Forget", "cache.v1.Cache/Forget")
            .topic("cache.forget")
            .routing(::kafka_rpc::Routing::All),
    ];
    ::kafka_rpc::ServiceDescriptor::new("cache.v1.Cache", METHODS)
        .topics(::kafka_rpc::TopicLayout::PerService)
};
/// Serves an implementation of [`Cache`] as `cache.v1.Cache`.
#[derive(::core::fmt::Debug)]
#[allow(dead_code, deprecated)]
pub struct CacheServer<T> {
    inner: ::std::sync::Arc<T>,
}
#[allow(dead_code, deprecated)]
impl<T: Cache> CacheServer<T> {
    /// What the service is called, which methods it has, and how they travel.
    pub const DESCRIPTOR: &'static ::kafka_rpc::ServiceDescriptor = &CACHE_DESCRIPTOR;
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
impl<T> ::core::clone::Clone for CacheServer<T> {
    fn clone(&self) -> Self {
        Self {
            inner: ::std::sync::Arc::clone(&self.inner),
        }
    }
}
#[allow(deprecated)]
impl<T: Cache> ::kafka_rpc::server::RpcService for CacheServer<T> {
    fn descriptor(&self) -> &'static ::kafka_rpc::ServiceDescriptor {
        &CACHE_DESCRIPTOR
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
                            <T as Cache>::get(&service, request).await
                        },
                    ),
                )
            }
            1usize => {
                ::std::boxed::Box::pin(
                    ::kafka_rpc::codegen::unary(
                        request,
                        move |request| async move {
                            <T as Cache>::forget(&service, request).await
                        },
                    ),
                )
            }
            _ => ::kafka_rpc::codegen::unknown_method(&CACHE_DESCRIPTOR, method),
        }
    }
}
/// Calls `cache.v1.Cache`.
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
#[allow(dead_code, deprecated)]
pub struct CacheClient<S = ::kafka_rpc::Channel> {
    inner: S,
}
#[allow(dead_code, deprecated)]
impl<S> CacheClient<S> {
    /// What the service is called, which methods it has, and how they travel.
    pub const DESCRIPTOR: &'static ::kafka_rpc::ServiceDescriptor = &CACHE_DESCRIPTOR;
    /// A client whose calls go through `inner`: a channel, or one in layers.
    pub fn new(inner: S) -> Self {
        Self { inner }
    }
    /// A client whose requests pass through `interceptor` before they go to `inner`.
    pub fn with_interceptor<F: ::kafka_rpc::Interceptor>(
        inner: S,
        interceptor: F,
    ) -> CacheClient<::kafka_rpc::InterceptedService<S, F>> {
        CacheClient::new(::kafka_rpc::InterceptedService::new(inner, interceptor))
    }
}
#[allow(dead_code, deprecated)]
impl<S: ::kafka_rpc::codegen::CallService> CacheClient<S> {
    /// Calls `cache.v1.Cache/Get`.
    pub fn get(
        &mut self,
        request: impl ::kafka_rpc::IntoRequest<String>,
    ) -> ::kafka_rpc::codegen::UnaryCall<'_, S, Entry> {
        let request = ::kafka_rpc::IntoRequest::into_request(request);
        ::kafka_rpc::codegen::call_unary(
            &mut self.inner,
            &CACHE_DESCRIPTOR,
            0usize,
            request,
        )
    }
    /// Calls `cache.v1.Cache/Forget`.
    pub async fn forget(
        &mut self,
        request: impl ::kafka_rpc::IntoRequest<String>,
    ) -> ::core::result::Result<
        ::kafka_rpc::Response<::kafka_rpc::Answers<u64>>,
        ::kafka_rpc::Status,
    > {
        let mut request = ::kafka_rpc::IntoRequest::into_request(request);
        let key = ::kafka_rpc::codegen::KeyField::key_bytes(request.get_ref());
        ::kafka_rpc::codegen::default_key(&mut request, key);
        ::kafka_rpc::codegen::call_all(
                &mut self.inner,
                &CACHE_DESCRIPTOR,
                1usize,
                request,
            )
            .await
    }
}

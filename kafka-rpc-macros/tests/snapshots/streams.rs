pub trait Rooms: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn post(
        &self,
        request: Request<Streaming<Line>>,
    ) -> impl ::core::future::Future<
        Output = Result<Response<Posted>, Status>,
    > + ::core::marker::Send {
        async move {
            let _ = request;
            ::core::result::Result::Err(
                ::kafka_rpc::Status::unimplemented(
                    "chat.v1.Rooms/Post is not implemented",
                ),
            )
        }
    }
    fn follow(
        &self,
        request: Request<Room>,
    ) -> impl ::core::future::Future<
        Output = Result<
            Response<impl Stream<Item = Result<Line, Status>> + Send>,
            Status,
        >,
    > + ::core::marker::Send {
        async move {
            let _ = request;
            ::core::result::Result::Err::<
                ::kafka_rpc::Response<
                    ::kafka_rpc::codegen::Empty<
                        ::core::result::Result<Line, ::kafka_rpc::Status>,
                    >,
                >,
                ::kafka_rpc::Status,
            >(
                ::kafka_rpc::Status::unimplemented(
                    "chat.v1.Rooms/Follow is not implemented",
                ),
            )
        }
    }
    fn talk(
        &self,
        request: ::kafka_rpc::Request<::kafka_rpc::Streaming<Line>>,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<
            ::kafka_rpc::Response<
                impl ::kafka_rpc::codegen::Stream<
                    Item = ::core::result::Result<Line, ::kafka_rpc::Status>,
                > + ::core::marker::Send,
            >,
            ::kafka_rpc::Status,
        >,
    > + ::core::marker::Send {
        async move {
            let _ = request;
            ::core::result::Result::Err::<
                ::kafka_rpc::Response<
                    ::kafka_rpc::codegen::Empty<
                        ::core::result::Result<Line, ::kafka_rpc::Status>,
                    >,
                >,
                ::kafka_rpc::Status,
            >(
                ::kafka_rpc::Status::unimplemented(
                    "chat.v1.Rooms/Talk is not implemented",
                ),
            )
        }
    }
}
#[allow(dead_code)]
static ROOMS_DESCRIPTOR: ::kafka_rpc::ServiceDescriptor = {
    const METHODS: &[::kafka_rpc::MethodDescriptor] = &[
        ::kafka_rpc::MethodDescriptor::new("Post", "chat.v1.Rooms/Post")
            .client_streaming(),
        ::kafka_rpc::MethodDescriptor::new("Follow", "chat.v1.Rooms/Follow")
            .server_streaming()
            .resumable(),
        ::kafka_rpc::MethodDescriptor::new("Talk", "chat.v1.Rooms/Talk")
            .client_streaming()
            .server_streaming(),
    ];
    ::kafka_rpc::ServiceDescriptor::new("chat.v1.Rooms", METHODS)
};
/// Serves an implementation of [`Rooms`] as `chat.v1.Rooms`.
#[derive(::core::fmt::Debug)]
#[allow(dead_code, deprecated)]
pub struct RoomsServer<T> {
    inner: ::std::sync::Arc<T>,
}
#[allow(dead_code, deprecated)]
impl<T: Rooms> RoomsServer<T> {
    /// What the service is called, which methods it has, and how they travel.
    pub const DESCRIPTOR: &'static ::kafka_rpc::ServiceDescriptor = &ROOMS_DESCRIPTOR;
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
impl<T> ::core::clone::Clone for RoomsServer<T> {
    fn clone(&self) -> Self {
        Self {
            inner: ::std::sync::Arc::clone(&self.inner),
        }
    }
}
#[allow(deprecated)]
impl<T: Rooms> ::kafka_rpc::server::RpcService for RoomsServer<T> {
    fn descriptor(&self) -> &'static ::kafka_rpc::ServiceDescriptor {
        &ROOMS_DESCRIPTOR
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
                    ::kafka_rpc::codegen::client_streaming(
                        request,
                        move |request| async move {
                            <T as Rooms>::post(&service, request).await
                        },
                    ),
                )
            }
            1usize => {
                ::std::boxed::Box::pin(
                    ::kafka_rpc::codegen::server_streaming(
                        request,
                        move |request, outlet| async move {
                            let answer = <T as Rooms>::follow(&service, request).await;
                            outlet.deliver(answer).await
                        },
                    ),
                )
            }
            2usize => {
                ::std::boxed::Box::pin(
                    ::kafka_rpc::codegen::streaming(
                        request,
                        move |request, outlet| async move {
                            let answer = <T as Rooms>::talk(&service, request).await;
                            outlet.deliver(answer).await
                        },
                    ),
                )
            }
            _ => ::kafka_rpc::codegen::unknown_method(&ROOMS_DESCRIPTOR, method),
        }
    }
}
/// Calls `chat.v1.Rooms`.
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
#[allow(dead_code, deprecated)]
pub struct RoomsClient<S = ::kafka_rpc::Channel> {
    inner: S,
}
#[allow(dead_code, deprecated)]
impl<S> RoomsClient<S> {
    /// What the service is called, which methods it has, and how they travel.
    pub const DESCRIPTOR: &'static ::kafka_rpc::ServiceDescriptor = &ROOMS_DESCRIPTOR;
    /// A client whose calls go through `inner`: a channel, or one in layers.
    pub fn new(inner: S) -> Self {
        Self { inner }
    }
    /// A client whose requests pass through `interceptor` before they go to `inner`.
    pub fn with_interceptor<F: ::kafka_rpc::Interceptor>(
        inner: S,
        interceptor: F,
    ) -> RoomsClient<::kafka_rpc::InterceptedService<S, F>> {
        RoomsClient::new(::kafka_rpc::InterceptedService::new(inner, interceptor))
    }
}
#[allow(dead_code, deprecated)]
impl<S: ::kafka_rpc::codegen::CallService> RoomsClient<S> {
    /// Calls `chat.v1.Rooms/Post`.
    pub async fn post(
        &mut self,
        request: impl ::kafka_rpc::IntoStreamingRequest<Message = Line>,
    ) -> ::core::result::Result<::kafka_rpc::Response<Posted>, ::kafka_rpc::Status> {
        let request = ::kafka_rpc::IntoStreamingRequest::into_streaming_request(request);
        ::kafka_rpc::codegen::call_client_streaming(
                &mut self.inner,
                &ROOMS_DESCRIPTOR,
                0usize,
                request,
            )
            .await
    }
    /// Calls `chat.v1.Rooms/Follow`.
    pub async fn follow(
        &mut self,
        request: impl ::kafka_rpc::IntoRequest<Room>,
    ) -> ::core::result::Result<
        ::kafka_rpc::Response<::kafka_rpc::Streaming<Line>>,
        ::kafka_rpc::Status,
    > {
        let mut request = ::kafka_rpc::IntoRequest::into_request(request);
        let key = ::kafka_rpc::codegen::KeyField::key_bytes(&request.get_ref().name);
        ::kafka_rpc::codegen::default_key(&mut request, key);
        ::kafka_rpc::codegen::call_server_streaming(
                &mut self.inner,
                &ROOMS_DESCRIPTOR,
                1usize,
                request,
            )
            .await
    }
    /// Calls `chat.v1.Rooms/Talk`.
    pub async fn talk(
        &mut self,
        request: impl ::kafka_rpc::IntoStreamingRequest<Message = Line>,
    ) -> ::core::result::Result<
        ::kafka_rpc::Response<::kafka_rpc::Streaming<Line>>,
        ::kafka_rpc::Status,
    > {
        let request = ::kafka_rpc::IntoStreamingRequest::into_streaming_request(request);
        ::kafka_rpc::codegen::call_streaming(
                &mut self.inner,
                &ROOMS_DESCRIPTOR,
                2usize,
                request,
            )
            .await
    }
}

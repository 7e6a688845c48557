//! The `…Server`: an implementation of the trait, as the server's router sees it.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::docs;
use crate::names;
use crate::service::Service;

pub(super) fn expand(service: &Service) -> TokenStream {
    let visibility = &service.visibility;
    let service_trait = &service.ident;
    let server = format_ident!("{}Server", service_trait);
    let descriptor = names::descriptor_static(service_trait);
    let full_name = service.name.value();
    let docs = docs::docs_after(
        &format!("Serves an implementation of [`{service_trait}`] as `{full_name}`."),
        &service.attributes,
    );
    let deprecated = docs::deprecated(&service.attributes);
    let conditions: Vec<_> = docs::conditions(&service.attributes).collect();
    let arms = arms(service);
    let open = if service.methods.is_empty() {
        quote!(let _ = request;)
    } else {
        quote!(let service = ::std::sync::Arc::clone(&self.inner);)
    };
    quote! {
        #(#conditions)*
        #docs
        #(#deprecated)*
        #[derive(::core::fmt::Debug)]
        #[allow(dead_code, deprecated)]
        #visibility struct #server<T> {
            inner: ::std::sync::Arc<T>,
        }

        #(#conditions)*
        #[allow(dead_code, deprecated)]
        impl<T: #service_trait> #server<T> {
            /// What the service is called, which methods it has, and how they travel.
            pub const DESCRIPTOR: &'static ::kafka_rpc::ServiceDescriptor = &#descriptor;

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

        #(#conditions)*
        #[allow(deprecated)]
        impl<T> ::core::clone::Clone for #server<T> {
            fn clone(&self) -> Self {
                Self { inner: ::std::sync::Arc::clone(&self.inner) }
            }
        }

        #(#conditions)*
        #[allow(deprecated)]
        impl<T: #service_trait> ::kafka_rpc::server::RpcService for #server<T> {
            fn descriptor(&self) -> &'static ::kafka_rpc::ServiceDescriptor {
                &#descriptor
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
                #open
                match method {
                    #(#arms)*
                    _ => ::kafka_rpc::codegen::unknown_method(&#descriptor, method),
                }
            }
        }
    }
}

fn arms(service: &Service) -> impl Iterator<Item = TokenStream> {
    let service_trait = &service.ident;
    service
        .methods
        .iter()
        .enumerate()
        .map(move |(index, method)| {
            let function = &method.ident;
            let answer = quote!(<T as #service_trait>::#function(&service, request).await);
            let shape = &method.shape;
            let handle = match (shape.client_streaming, shape.server_streaming) {
                (false, false) if method.deduplicated => quote!(unary_once),
                (false, false) => quote!(unary),
                (true, false) => quote!(client_streaming),
                (false, true) => quote!(server_streaming),
                (true, true) => quote!(streaming),
            };
            let handler = if shape.server_streaming {
                quote! {
                    move |request, outlet| async move {
                        let answer = #answer;
                        outlet.deliver(answer).await
                    }
                }
            } else {
                quote!(move |request| async move { #answer })
            };
            quote! {
                #index => ::std::boxed::Box::pin(::kafka_rpc::codegen::#handle(request, #handler)),
            }
        })
}

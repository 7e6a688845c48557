//! The `…Client`: one typed method for each of the service's.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::docs;
use crate::method::Method;
use crate::names;
use crate::service::Service;
use crate::signature::Shape;

pub(super) fn expand(service: &Service) -> TokenStream {
    let visibility = &service.visibility;
    let client = format_ident!("{}Client", service.ident);
    let descriptor = names::descriptor_static(&service.ident);
    let full_name = service.name.value();
    let docs = docs::docs_after(&format!("Calls `{full_name}`."), &service.attributes);
    let deprecated = docs::deprecated(&service.attributes);
    let conditions: Vec<_> = docs::conditions(&service.attributes).collect();
    let calls =
        (service.methods.iter().enumerate()).map(|(index, method)| call(service, index, method));
    quote! {
        #(#conditions)*
        #docs
        #(#deprecated)*
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #[allow(dead_code, deprecated)]
        #visibility struct #client<S = ::kafka_rpc::Channel> {
            inner: S,
        }

        #(#conditions)*
        #[allow(dead_code, deprecated)]
        impl<S> #client<S> {
            /// What the service is called, which methods it has, and how they travel.
            pub const DESCRIPTOR: &'static ::kafka_rpc::ServiceDescriptor = &#descriptor;

            /// A client whose calls go through `inner`: a channel, or one in layers.
            pub fn new(inner: S) -> Self {
                Self { inner }
            }

            /// A client whose requests pass through `interceptor` before they go to `inner`.
            pub fn with_interceptor<F: ::kafka_rpc::Interceptor>(
                inner: S,
                interceptor: F,
            ) -> #client<::kafka_rpc::InterceptedService<S, F>> {
                #client::new(::kafka_rpc::InterceptedService::new(inner, interceptor))
            }
        }

        #(#conditions)*
        #[allow(dead_code, deprecated)]
        impl<S: ::kafka_rpc::codegen::CallService> #client<S> {
            #(#calls)*
        }
    }
}

fn call(service: &Service, index: usize, method: &Method) -> TokenStream {
    let ident = &method.ident;
    let Shape { input, output, .. } = &method.shape;
    let descriptor = names::descriptor_static(&service.ident);
    let mut docs = docs::docs(&method.attributes).peekable();
    let docs = if docs.peek().is_some() {
        quote!(#(#docs)*)
    } else {
        let line = format!(" Calls `{}/{}`.", service.name.value(), method.name);
        quote!(#[doc = #line])
    };
    let deprecated = docs::deprecated(&method.attributes);
    let into_request = quote!(::kafka_rpc::IntoRequest::into_request(request));
    let prepare = match &method.key {
        None => quote!(let request = #into_request;),
        Some(path) => {
            let key = path.expand(&quote!(request.get_ref()));
            quote! {
                let mut request = #into_request;
                let key = #key;
                ::kafka_rpc::codegen::default_key(&mut request, key);
            }
        }
    };
    quote! {
        #docs
        #(#deprecated)*
        pub fn #ident(
            &mut self,
            request: impl ::kafka_rpc::IntoRequest<#input>,
        ) -> ::kafka_rpc::codegen::UnaryCall<'_, S, #output> {
            #prepare
            ::kafka_rpc::codegen::call_unary(&mut self.inner, &#descriptor, #index, request)
        }
    }
}

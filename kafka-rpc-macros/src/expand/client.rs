//! The `…Client`: one typed method for each of the service's.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::docs;
use crate::method::Method;
use crate::names;
use crate::service::Service;

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
    let descriptor = names::descriptor_static(&service.ident);
    let mut docs = docs::docs(&method.attributes).peekable();
    let docs = if docs.peek().is_some() {
        quote!(#(#docs)*)
    } else {
        let line = format!(" Calls `{}/{}`.", service.name.value(), method.name);
        quote!(#[doc = #line])
    };
    let deprecated = docs::deprecated(&method.attributes);
    let (argument, prepare) = request(method);
    let (asyncness, call, result) = outcome(method);
    let wait = asyncness.as_ref().map(|_| quote!(.await));
    quote! {
        #docs
        #(#deprecated)*
        pub #asyncness fn #ident(&mut self, request: #argument) -> #result {
            #prepare
            ::kafka_rpc::codegen::#call(&mut self.inner, &#descriptor, #index, request) #wait
        }
    }
}

/// What a call takes, and how it becomes the request.
fn request(method: &Method) -> (TokenStream, TokenStream) {
    let input = &method.shape.input;
    if method.shape.client_streaming {
        return (
            quote!(impl ::kafka_rpc::IntoStreamingRequest<Message = #input>),
            quote! {
                let request = ::kafka_rpc::IntoStreamingRequest::into_streaming_request(request);
            },
        );
    }
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
    (quote!(impl ::kafka_rpc::IntoRequest<#input>), prepare)
}

/// How a call is made, and what comes of it. A unary call is a future that can be named, the others
/// are `async fn`s.
fn outcome(method: &Method) -> (Option<TokenStream>, TokenStream, TokenStream) {
    let shape = &method.shape;
    let output = &shape.output;
    let (call, reply) = match (shape.client_streaming, shape.server_streaming) {
        (false, false) if method.goes_to_all() => {
            (quote!(call_all), quote!(::kafka_rpc::Answers<#output>))
        }
        (false, false) => {
            let future = quote!(::kafka_rpc::codegen::UnaryCall<'_, S, #output>);
            return (None, quote!(call_unary), future);
        }
        (true, false) => (quote!(call_client_streaming), quote!(#output)),
        (false, true) => (
            quote!(call_server_streaming),
            quote!(::kafka_rpc::Streaming<#output>),
        ),
        (true, true) => (
            quote!(call_streaming),
            quote!(::kafka_rpc::Streaming<#output>),
        ),
    };
    let result = quote! {
        ::core::result::Result<::kafka_rpc::Response<#reply>, ::kafka_rpc::Status>
    };
    (Some(quote!(async)), call, result)
}

//! The trait that a server implements.

use proc_macro2::TokenStream;
use quote::quote;

use crate::method::Method;
use crate::service::Service;
use crate::signature::Shape;

pub(super) fn expand(service: &Service) -> TokenStream {
    let Service {
        attributes,
        visibility,
        ident,
        supertraits,
        ..
    } = service;
    let supertraits = supertraits.iter();
    let methods = service
        .methods
        .iter()
        .map(|method| function(service, method));
    quote! {
        #(#attributes)*
        #visibility trait #ident:
            #(#supertraits +)* ::core::marker::Send + ::core::marker::Sync + 'static
        {
            #(#methods)*
        }
    }
}

/// `async fn`, written out so that its future is `Send`.
fn function(service: &Service, method: &Method) -> TokenStream {
    let Method {
        attributes, ident, ..
    } = method;
    let Shape {
        pattern,
        request,
        result,
        ..
    } = &method.shape;
    let (argument, body) = match &method.body {
        Some(body) => (quote!(#pattern), quote!({ async move #body })),
        None if service.unimplemented_defaults => (quote!(request), unimplemented(service, method)),
        None => (quote!(#pattern), quote!(;)),
    };
    quote! {
        #(#attributes)*
        fn #ident(
            &self,
            #argument: #request,
        ) -> impl ::core::future::Future<Output = #result> + ::core::marker::Send
        #body
    }
}

fn unimplemented(service: &Service, method: &Method) -> TokenStream {
    let message = format!(
        "{}/{} is not implemented",
        service.name.value(),
        method.name
    );
    // The type of the stream that there would be.
    let no_stream = method.shape.server_streaming.then(|| {
        let output = &method.shape.output;
        quote! {
            ::<
                ::kafka_rpc::Response<
                    ::kafka_rpc::codegen::Empty<
                        ::core::result::Result<#output, ::kafka_rpc::Status>,
                    >,
                >,
                ::kafka_rpc::Status,
            >
        }
    });
    quote!({
        async move {
            let _ = request;
            ::core::result::Result::Err #no_stream (::kafka_rpc::Status::unimplemented(#message))
        }
    })
}

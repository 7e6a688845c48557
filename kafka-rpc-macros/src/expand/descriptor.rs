//! The static description of a service.

use proc_macro2::TokenStream;
use quote::quote;

use crate::method::{Delivery, Idempotency, Method, Repeats, Routing};
use crate::names;
use crate::service::{Service, Topics};

pub(super) fn expand(service: &Service) -> TokenStream {
    let descriptor = names::descriptor_static(&service.ident);
    let conditions = super::docs::conditions(&service.attributes);
    let name = &service.name;
    let methods = service
        .methods
        .iter()
        .map(|method| describe(service, method));
    let topics = match service.topics {
        Topics::PerMethod => None,
        Topics::PerService => Some(quote!(.topics(::kafka_rpc::TopicLayout::PerService))),
    };
    let topic = service.topic.as_ref().map(|topic| quote!(.topic(#topic)));
    let group = service.group.as_ref().map(|group| quote!(.group(#group)));
    let descriptor_set =
        (service.descriptor_set.as_ref()).map(|set| quote!(.file_descriptor_set(#set)));
    quote! {
        #(#conditions)*
        #[allow(dead_code)]
        static #descriptor: ::kafka_rpc::ServiceDescriptor = {
            const METHODS: &[::kafka_rpc::MethodDescriptor] = &[#(#methods),*];
            ::kafka_rpc::ServiceDescriptor::new(#name, METHODS) #topics #topic #group #descriptor_set
        };
    }
}

fn describe(service: &Service, method: &Method) -> TokenStream {
    let name = &method.name;
    let path = format!("{}/{name}", service.name.value());
    let messages =
        (method.messages.as_ref()).map(|(input, output)| quote!(.messages(#input, #output)));
    let delivery = method.delivery.map(|delivery| {
        let variant = match delivery {
            Delivery::AtLeastOnce => quote!(AtLeastOnce),
            Delivery::AtMostOnce => quote!(AtMostOnce),
        };
        quote!(.delivery(::kafka_rpc::Delivery::#variant))
    });
    let idempotency = method.idempotency.map(|idempotency| {
        let variant = match idempotency {
            Idempotency::Unknown => quote!(Unknown),
            Idempotency::NoSideEffects => quote!(NoSideEffects),
            Idempotency::Idempotent => quote!(Idempotent),
        };
        quote!(.idempotency(::kafka_rpc::Idempotency::#variant))
    });
    let topic = method.topic.as_ref().map(|topic| quote!(.topic(#topic)));
    let client_streaming = (method.shape.client_streaming).then(|| quote!(.client_streaming()));
    let server_streaming = (method.shape.server_streaming).then(|| quote!(.server_streaming()));
    let resumable = method.resumable.then(|| quote!(.resumable()));
    let routing = method.routing.map(|routing| {
        let variant = match routing {
            Routing::One => quote!(One),
            Routing::All => quote!(All),
        };
        quote!(.routing(::kafka_rpc::Routing::#variant))
    });
    let repeats = method.repeats.as_ref().map(|repeats| match repeats {
        Repeats::Retry(policy) => quote!(.retry(#policy)),
        Repeats::Hedging(policy) => quote!(.hedging(#policy)),
    });
    let redelivery = (method.redelivery.as_ref()).map(|policy| quote!(.redelivery(#policy)));
    let deduplicated = method.deduplicated.then(|| quote!(.deduplicated()));
    quote! {
        ::kafka_rpc::MethodDescriptor::new(#name, #path)
            #messages #delivery #idempotency #topic
            #client_streaming #server_streaming #resumable #routing #redelivery #repeats
            #deduplicated
    }
}

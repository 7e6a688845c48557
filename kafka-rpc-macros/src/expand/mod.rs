//! What a checked service becomes.

mod client;
mod descriptor;
mod docs;
mod server;
mod service_trait;

use proc_macro2::TokenStream;
use quote::quote;

use crate::service::Service;

pub(crate) fn expand(service: &Service) -> TokenStream {
    let service_trait = service_trait::expand(service);
    let descriptor = descriptor::expand(service);
    let server = service.server.then(|| server::expand(service));
    let client = service.client.then(|| client::expand(service));
    quote! {
        #service_trait
        #descriptor
        #server
        #client
    }
}

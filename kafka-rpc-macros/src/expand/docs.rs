//! Which attributes of the trait and its methods go on to what is made of them.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Attribute;

/// The documentation of an item, one attribute a line.
pub(super) fn docs(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    named(attributes, "doc")
}

/// `#[deprecated]`, where it was given.
pub(super) fn deprecated(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    named(attributes, "deprecated")
}

/// `#[cfg]`, where it was given.
pub(super) fn conditions(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    named(attributes, "cfg")
}

/// Documentation that begins with a line of our own.
pub(super) fn docs_after(first: &str, attributes: &[Attribute]) -> TokenStream {
    let first = format!(" {first}");
    let mut rest = docs(attributes).peekable();
    let gap = rest.peek().map(|_| quote!(#[doc = ""]));
    quote! {
        #[doc = #first]
        #gap
        #(#rest)*
    }
}

fn named<'a>(
    attributes: &'a [Attribute],
    name: &'static str,
) -> impl Iterator<Item = &'a Attribute> {
    attributes
        .iter()
        .filter(move |attribute| attribute.path().is_ident(name))
}

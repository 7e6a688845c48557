//! The `key` argument: a path of fields from the request to the value that keys its record.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Ident, LitStr, Result};

/// The word that means the request itself, for requests that are a single value.
const WHOLE_REQUEST: &str = "self";

/// A path such as `customer?.id`: the `?` marks a field that is an `Option`.
pub(crate) struct KeyPath {
    steps: Vec<Step>,
}

struct Step {
    field: Ident,
    optional: bool,
}

impl KeyPath {
    pub(crate) fn parse(literal: &LitStr) -> Result<Self> {
        let text = literal.value();
        if text == WHOLE_REQUEST {
            return Ok(Self { steps: Vec::new() });
        }
        let steps = text
            .split('.')
            .map(|step| Step::parse(step, literal))
            .collect::<Result<Vec<Step>>>()?;
        if steps.last().is_some_and(|step| step.optional) {
            return Err(Error::new(
                literal.span(),
                "the last step of a key path takes no `?`: an absent value is no key by itself",
            ));
        }
        Ok(Self { steps })
    }

    /// An expression of type `Option<Bytes>`, given one of type `&Request`.
    pub(crate) fn expand(&self, request: &TokenStream) -> TokenStream {
        match self.steps.as_slice() {
            [] => quote!(::kafka_rpc::codegen::KeyField::key_bytes(#request)),
            steps => expand_steps(steps, request),
        }
    }
}

impl Step {
    fn parse(step: &str, literal: &LitStr) -> Result<Self> {
        let (name, optional) = match step.strip_suffix('?') {
            Some(name) => (name, true),
            None => (step, false),
        };
        if name.is_empty() {
            return Err(Error::new(
                literal.span(),
                "a key path names fields, joined by `.`: `customer_id`, `customer?.id`",
            ));
        }
        let mut field: Ident = syn::parse_str(name).map_err(|_| {
            Error::new(
                literal.span(),
                format!("`{name}` in the key path is not the name of a Rust field"),
            )
        })?;
        field.set_span(literal.span());
        Ok(Self { field, optional })
    }
}

fn expand_steps(steps: &[Step], value: &TokenStream) -> TokenStream {
    let until = steps.iter().position(|step| step.optional);
    let (plain, rest) = match until {
        Some(index) => steps.split_at(index + 1),
        None => (steps, &[][..]),
    };
    let fields = plain.iter().map(|step| &step.field);
    let place = quote!(#value #(.#fields)*);
    if until.is_none() {
        return quote!(::kafka_rpc::codegen::KeyField::key_bytes(&#place));
    }
    let inner = expand_steps(rest, &quote!(value));
    quote!(#place.as_ref().and_then(|value| #inner))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proc_macro2::Span;

    fn expand(path: &str) -> String {
        let literal = LitStr::new(path, Span::call_site());
        match KeyPath::parse(&literal) {
            Ok(path) => path.expand(&quote!(request)).to_string().replace(' ', ""),
            Err(error) => error.to_string(),
        }
    }

    const KEY_BYTES: &str = "::kafka_rpc::codegen::KeyField::key_bytes";

    #[test]
    fn a_plain_field_is_read_in_place() {
        assert_eq!(
            expand("customer_id"),
            format!("{KEY_BYTES}(&request.customer_id)")
        );
        assert_eq!(
            expand("a.b.r#type"),
            format!("{KEY_BYTES}(&request.a.b.r#type)")
        );
    }

    #[test]
    fn an_optional_step_ends_without_a_key_when_it_is_absent() {
        assert_eq!(
            expand("order.customer?.id"),
            format!("request.order.customer.as_ref().and_then(|value|{KEY_BYTES}(&value.id))")
        );
        assert_eq!(
            expand("a?.b?.c"),
            format!(
                "request.a.as_ref().and_then(|value|value.b.as_ref().and_then(|value|{KEY_BYTES}(&value.c)))"
            )
        );
    }

    #[test]
    fn the_whole_request_can_be_the_key() {
        assert_eq!(expand("self"), format!("{KEY_BYTES}(request)"));
    }

    #[test]
    fn a_malformed_path_is_refused() {
        for path in ["", ".", "a.", "a..b", "?"] {
            assert!(
                expand(path).contains("names fields"),
                "{path}: {}",
                expand(path)
            );
        }
        assert!(expand("a b").contains("not the name of a Rust field"));
        assert!(expand("type").contains("not the name of a Rust field"));
        assert!(expand("a?").contains("takes no `?`"));
    }
}

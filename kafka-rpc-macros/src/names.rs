//! Names as they appear on the wire and in Kafka, and the Rust names made of them.

use syn::{Error, Ident, LitStr, Result};

/// The longest name that Kafka gives a topic.
const MAX_TOPIC_LEN: usize = 249;

/// Names that would hide, or be hidden by, what every client has.
const CLIENT_NAMES: [&str; 7] = [
    "new",
    "with_interceptor",
    "clone",
    "clone_into",
    "into",
    "to_owned",
    "try_into",
];

/// Checks the full name of a service: `shop.v1.Orders`.
pub(crate) fn check_service(name: &LitStr) -> Result<()> {
    if name.value().split('.').all(is_identifier) {
        return Ok(());
    }
    Err(Error::new(
        name.span(),
        format!(
            "`{}` is not the full name of a service, such as `shop.v1.Orders`",
            name.value()
        ),
    ))
}

/// Checks the name of a method on the wire: `PlaceOrder`.
pub(crate) fn check_method(name: &LitStr) -> Result<()> {
    if is_identifier(&name.value()) {
        return Ok(());
    }
    Err(Error::new(
        name.span(),
        format!(
            "`{}` is not the name of a method, such as `PlaceOrder`",
            name.value()
        ),
    ))
}

/// Checks what Kafka accepts as the name of a topic.
pub(crate) fn check_topic(name: &LitStr) -> Result<()> {
    let text = name.value();
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if matches!(text.as_str(), "" | "." | "..") || !text.chars().all(legal) {
        return Err(Error::new(
            name.span(),
            format!(
                "`{text}` is not the name of a topic: use letters, digits, `.`, `_` and `-` \
                 (not `.` or `..` alone)"
            ),
        ));
    }
    if text.len() > MAX_TOPIC_LEN {
        return Err(Error::new(
            name.span(),
            format!(
                "a topic's name has at most {MAX_TOPIC_LEN} characters, and this one has {}",
                text.len()
            ),
        ));
    }
    Ok(())
}

/// Checks the name of a consumer group.
pub(crate) fn check_group(name: &LitStr) -> Result<()> {
    if name.value().is_empty() {
        return Err(Error::new(name.span(), "a consumer group needs a name"));
    }
    Ok(())
}

/// Refuses functions that can't stand beside the client's own.
pub(crate) fn check_function(function: &Ident) -> Result<()> {
    let name = function.to_string();
    if !CLIENT_NAMES.contains(&name.as_str()) {
        return Ok(());
    }
    let wire = method_name(function);
    Err(Error::new(
        function.span(),
        format!(
            "`{name}` is a function that every client has: call this one `{name}_` and keep its \
             name on the wire with `#[rpc(name = \"{wire}\")]`"
        ),
    ))
}

/// The name on the wire of a function that gives none: `place_order` is `PlaceOrder`.
pub(crate) fn method_name(function: &Ident) -> String {
    let name = function.to_string();
    name.trim_start_matches("r#")
        .split('_')
        .flat_map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .into_iter()
                .flat_map(char::to_uppercase)
                .chain(letters)
        })
        .collect()
}

/// The name of the static that describes a service: `ORDERS_DESCRIPTOR`.
pub(crate) fn descriptor_static(service: &Ident) -> Ident {
    let name = service.to_string();
    let mut upper = String::with_capacity(name.len() + 16);
    let mut before_was_lower = false;
    for letter in name.trim_start_matches("r#").chars() {
        if letter.is_uppercase() && before_was_lower {
            upper.push('_');
        }
        before_was_lower = !letter.is_uppercase() && letter != '_';
        upper.extend(letter.to_uppercase());
    }
    Ident::new(&format!("{upper}_DESCRIPTOR"), service.span())
}

fn is_identifier(text: &str) -> bool {
    let mut letters = text.chars();
    letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proc_macro2::Span;

    fn ident(name: &str) -> Ident {
        Ident::new(name, Span::call_site())
    }

    #[test]
    fn a_function_without_a_name_is_called_by_its_camel_case() {
        assert_eq!(method_name(&ident("place_order")), "PlaceOrder");
        assert_eq!(method_name(&ident("get_v2_order")), "GetV2Order");
        assert_eq!(method_name(&ident("new_")), "New");
        assert_eq!(method_name(&syn::parse_str("r#type").unwrap()), "Type");
    }

    #[test]
    fn the_static_is_named_after_the_service() {
        assert_eq!(descriptor_static(&ident("Orders")), "ORDERS_DESCRIPTOR");
        assert_eq!(
            descriptor_static(&ident("OrderBook")),
            "ORDER_BOOK_DESCRIPTOR"
        );
        assert_eq!(descriptor_static(&ident("HTTPGate")), "HTTPGATE_DESCRIPTOR");
    }

    #[test]
    fn topics_are_what_kafka_accepts() {
        let topic = |name: &str| check_topic(&LitStr::new(name, Span::call_site()));
        assert!(topic("shop.orders-v1_x").is_ok());
        assert!(topic(&"x".repeat(249)).is_ok());
        for bad in ["", ".", "..", "a b", "a/b", "ä", &"x".repeat(250)] {
            assert!(topic(bad).is_err(), "{bad}");
        }
    }
}

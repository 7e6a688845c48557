//! Rust names of protobuf's, as prost writes them.

use heck::{ToSnakeCase, ToUpperCamelCase};

/// The name of a function or a field.
pub(crate) fn to_snake(name: &str) -> String {
    sanitize(name.to_snake_case())
}

/// The name of a type.
pub(crate) fn to_upper_camel(name: &str) -> String {
    sanitize(name.to_upper_camel_case())
}

/// The name of a service's function: a few names are taken by every client.
pub(crate) fn to_function(name: &str) -> String {
    let function = to_snake(name);
    match function.as_str() {
        "new" | "with_interceptor" | "clone" | "clone_into" | "into" | "to_owned" | "try_into" => {
            function + "_"
        }
        _ => function,
    }
}

fn sanitize(name: String) -> String {
    match name.as_str() {
        "abstract" | "as" | "async" | "await" | "become" | "box" | "break" | "const"
        | "continue" | "do" | "dyn" | "else" | "enum" | "false" | "final" | "fn" | "for"
        | "gen" | "if" | "impl" | "in" | "let" | "loop" | "macro" | "match" | "mod" | "move"
        | "mut" | "override" | "priv" | "pub" | "ref" | "return" | "static" | "struct"
        | "trait" | "true" | "try" | "type" | "typeof" | "unsafe" | "unsized" | "use"
        | "virtual" | "where" | "while" | "yield" => format!("r#{name}"),
        "_" | "super" | "self" | "Self" | "extern" | "crate" => name + "_",
        _ if name.starts_with(|c: char| c.is_numeric()) => format!("_{name}"),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_become_names() {
        assert_eq!(to_snake("Type"), "r#type");
        assert_eq!(to_snake("Self"), "self_");
        assert_eq!(to_upper_camel("self"), "Self_");
        assert_eq!(to_snake("Gen"), "r#gen");
    }

    #[test]
    fn functions_of_every_client_are_stepped_around() {
        assert_eq!(to_function("New"), "new_");
        assert_eq!(to_function("PlaceOrder"), "place_order");
    }
}

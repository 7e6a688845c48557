//! The words of a statement, to point at one of them.

/// A word, a string with its quotes, or a single mark.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    /// Where it starts, in bytes from the start of the statement.
    pub(crate) start: usize,
}

impl Token<'_> {
    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    pub(crate) fn is_string(&self) -> bool {
        self.text.starts_with(['"', '\''])
    }
}

/// Splits a statement, without its comments and blanks.
pub(crate) fn tokens(statement: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut start = 0;
    while let Some(rest) = statement.get(start..).filter(|rest| !rest.is_empty()) {
        let (length, is_token) = measure(rest);
        if is_token {
            let text = &rest[..length];
            found.push(Token { text, start });
        }
        start += length;
    }
    found
}

/// The length in bytes of what comes first, and whether that is a token.
fn measure(rest: &str) -> (usize, bool) {
    let first = rest.chars().next().unwrap_or_default();
    if let Some(comment) = comment_length(rest) {
        return (comment, false);
    }
    match first {
        '"' | '\'' => (string_length(rest, first), true),
        _ if is_word(first) => {
            let end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
            (end, true)
        }
        _ => (first.len_utf8(), !first.is_whitespace()),
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn comment_length(rest: &str) -> Option<usize> {
    if rest.starts_with("//") || rest.starts_with('#') {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    let comment = rest.strip_prefix("/*")?;
    Some(comment.find("*/").map_or(rest.len(), |end| end + 4))
}

fn string_length(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (index, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' => return index,
            _ if letter == quote => return index + 1,
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(statement: &str) -> Vec<&str> {
        tokens(statement).iter().map(|token| token.text).collect()
    }

    #[test]
    fn words_strings_and_marks_are_told_apart() {
        assert_eq!(
            texts("option (kafka_rpc.method) = { key: \"a \\\" b\" };"),
            [
                "option",
                "(",
                "kafka_rpc",
                ".",
                "method",
                ")",
                "=",
                "{",
                "key",
                ":",
                "\"a \\\" b\"",
                "}",
                ";"
            ]
        );
    }

    #[test]
    fn comments_are_left_out() {
        assert_eq!(texts("a /* b */ c // d\n e # f\n g"), ["a", "c", "e", "g"]);
        assert_eq!(texts("a /* never closed"), ["a"]);
    }

    #[test]
    fn a_string_that_never_ends_stops_at_the_line() {
        assert_eq!(texts("'ä\nb"), ["'ä", "b"]);
        assert_eq!(texts("\"x"), ["\"x"]);
    }

    #[test]
    fn starts_are_byte_offsets() {
        let found = tokens("ä b");
        assert_eq!(
            found[1],
            Token {
                text: "b",
                start: 3
            }
        );
    }

    proptest! {
        #[test]
        fn tokens_are_in_order_and_cut_at_letters(statement in "[a-z\"'/*#\\\\ \nä{}=;]{0,40}") {
            let mut end = 0;
            for token in tokens(&statement) {
                prop_assert!(token.start >= end);
                prop_assert_eq!(statement.get(token.start..token.end()), Some(token.text));
                end = token.end();
            }
        }
    }
}

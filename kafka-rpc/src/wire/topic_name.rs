//! What Kafka accepts as the name of a topic.

/// The most characters that a topic's name may have.
const MAX_LEN: usize = 249;

/// Why a text can't be the name of a topic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidTopicName {
    /// There is no text.
    #[error("the name of a topic is empty")]
    Empty,
    /// The text is too long.
    #[error(
        "the topic name `{}…` has {length} characters, Kafka allows {MAX_LEN}",
        start
    )]
    TooLong {
        /// The start of the text.
        start: String,
        /// How many characters the text has.
        length: usize,
    },
    /// The text means a folder to Kafka's brokers.
    #[error("a topic can't be named `{0}`")]
    Dots(String),
    /// The text has a character that Kafka does not allow.
    #[error(
        "the topic name {name} has {character:?} in it; Kafka allows letters A-Z and a-z, digits, `.`, `_` and `-`"
    )]
    Character {
        /// The text, quoted.
        name: String,
        /// The first such character.
        character: char,
    },
}

/// Checks that a topic can have this name.
///
/// # Errors
/// When Kafka would not allow it, and why.
pub(crate) fn check(name: &str) -> Result<(), InvalidTopicName> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty() {
        return Err(InvalidTopicName::Empty);
    }
    if matches!(name, "." | "..") {
        return Err(InvalidTopicName::Dots(name.to_owned()));
    }
    if let Some(character) = name.chars().find(|&c| !allowed(c)) {
        return Err(InvalidTopicName::Character {
            name: super::fault::excerpt(name.as_bytes()),
            character,
        });
    }
    if name.len() > MAX_LEN {
        return Err(InvalidTopicName::TooLong {
            start: name.chars().take(48).collect(),
            length: name.len(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kafkas_characters_are_allowed() {
        assert_eq!(check("shop.v1.Orders_2-x"), Ok(()));
        assert_eq!(check("..."), Ok(()));
        assert_eq!(check(&"x".repeat(249)), Ok(()));
    }

    #[test]
    fn the_error_says_what_is_wrong() {
        let error = |name: &str| check(name).unwrap_err().to_string();
        assert_eq!(error(""), "the name of a topic is empty");
        assert_eq!(error("."), "a topic can't be named `.`");
        assert_eq!(error(".."), "a topic can't be named `..`");
        assert_eq!(
            error("shop/orders"),
            "the topic name \"shop/orders\" has '/' in it; Kafka allows letters A-Z and a-z, digits, `.`, `_` and `-`"
        );
        assert_eq!(
            error(&"x".repeat(250)),
            format!(
                "the topic name `{}…` has 250 characters, Kafka allows 249",
                "x".repeat(48)
            )
        );
        assert!(error("Zoë").contains("'ë'"));
    }
}

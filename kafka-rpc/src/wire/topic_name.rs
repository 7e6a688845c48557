//! What Kafka accepts as the name of a topic.

/// The most characters that a topic's name may have.
const MAX_LEN: usize = 249;

/// Why a text can't be the name of a topic. Whoever shows it says which text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidTopicName {
    /// There is no text.
    #[error("a topic's name can't be empty")]
    Empty,
    /// The text is too long.
    #[error("a topic's name has at most {MAX_LEN} characters, this one has {0}")]
    TooLong(usize),
    /// The text means a folder to Kafka's brokers.
    #[error("a topic can't be named `.` or `..`")]
    Dots,
    /// The text has a character that Kafka does not allow.
    #[error(
        "a topic's name is made of the letters A to Z and a to z, digits, `.`, `_` and `-`, not {0:?}"
    )]
    Character(char),
}

/// Checks that a topic can have this name.
///
/// # Errors
/// When Kafka would not allow it, and why.
pub(crate) fn check(name: &str) -> Result<(), InvalidTopicName> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if let Some(character) = name.chars().find(|&c| !allowed(c)) {
        return Err(InvalidTopicName::Character(character));
    }
    match name {
        "" => Err(InvalidTopicName::Empty),
        "." | ".." => Err(InvalidTopicName::Dots),
        _ if name.len() > MAX_LEN => Err(InvalidTopicName::TooLong(name.len())),
        _ => Ok(()),
    }
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
    fn other_names_are_refused_with_the_reason() {
        assert_eq!(check(""), Err(InvalidTopicName::Empty));
        assert_eq!(check("."), Err(InvalidTopicName::Dots));
        assert_eq!(check(".."), Err(InvalidTopicName::Dots));
        assert_eq!(check(&"x".repeat(250)), Err(InvalidTopicName::TooLong(250)));
        assert_eq!(check("shop/orders"), Err(InvalidTopicName::Character('/')));
        assert_eq!(check("Zoë"), Err(InvalidTopicName::Character('ë')));
        assert_eq!(check("a\n"), Err(InvalidTopicName::Character('\n')));
    }

    #[test]
    fn the_reason_names_the_character() {
        assert_eq!(
            InvalidTopicName::Character('\n').to_string(),
            "a topic's name is made of the letters A to Z and a to z, digits, `.`, `_` and `-`, not '\\n'"
        );
    }
}

use std::convert::Infallible;
use std::fmt;

/// Metadata that can't be sent: its message says what is wrong and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidMetadata(Reason);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Reason {
    EmptyKey,
    KeyCharacter {
        key: String,
        character: char,
    },
    ReservedKey {
        key: String,
    },
    NotBinary {
        key: String,
    },
    NotText {
        key: Option<String>,
        byte: u8,
        index: usize,
    },
}

impl InvalidMetadata {
    pub(super) fn empty_key() -> Self {
        Self(Reason::EmptyKey)
    }

    pub(super) fn key_character(key: &str, character: char) -> Self {
        Self(Reason::KeyCharacter {
            key: shortened(key),
            character,
        })
    }

    pub(super) fn reserved_key(key: &str) -> Self {
        Self(Reason::ReservedKey {
            key: shortened(key),
        })
    }

    pub(super) fn not_binary(key: &str) -> Self {
        Self(Reason::NotBinary {
            key: shortened(key),
        })
    }

    pub(super) fn not_text(byte: u8, index: usize) -> Self {
        Self(Reason::NotText {
            key: None,
            byte,
            index,
        })
    }

    /// Names the key of a value that is not text.
    pub(super) fn under(self, key: &str) -> Self {
        match self.0 {
            Reason::NotText { byte, index, .. } => Self(Reason::NotText {
                key: Some(shortened(key)),
                byte,
                index,
            }),
            reason => Self(reason),
        }
    }
}

/// A key may come from afar, and its error is sent back: neither needs all of a long one.
fn shortened(key: &str) -> String {
    key.chars().take(64).collect()
}

impl fmt::Display for InvalidMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Reason::EmptyKey => write!(f, "a metadata key is empty; give it a name"),
            Reason::KeyCharacter { key, character } => write!(
                f,
                "metadata key {key:?} holds {character:?}; keys are made of the letters a to z, digits, `_`, `-` and `.`"
            ),
            Reason::ReservedKey { key } => write!(
                f,
                "metadata key {key:?} is reserved: `content-type` and names that begin with `kafka_`, `grpc-` or `rpc-` \
                 belong to the call itself; choose another name"
            ),
            Reason::NotBinary { key } => write!(
                f,
                "metadata key {key:?} is for text; binary values need a key that ends in `-bin`, such as \"{key}-bin\""
            ),
            Reason::NotText { key, byte, index } => {
                match key {
                    Some(key) => write!(f, "the value of metadata key {key:?}")?,
                    None => write!(f, "the metadata value")?,
                }
                write!(
                    f,
                    " holds the byte {byte:#04x} at index {index}; text is printable ASCII, and other bytes need a key that \
                     ends in `-bin`"
                )
            }
        }
    }
}

impl std::error::Error for InvalidMetadata {}

impl From<Infallible> for InvalidMetadata {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// A metadata value that is not text was read as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToStrError(());

impl ToStrError {
    pub(super) fn new() -> Self {
        Self(())
    }
}

impl fmt::Display for ToStrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the metadata value is not printable ASCII; read it with as_bytes()")
    }
}

impl std::error::Error for ToStrError {}

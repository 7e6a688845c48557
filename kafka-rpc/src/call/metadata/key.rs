use std::fmt;
use std::str::FromStr;

use super::InvalidMetadata;

/// Names that begin like this belong to the call itself, not to its user.
const RESERVED_PREFIXES: [&str; 3] = ["kafka_", "grpc-", "rpc-"];

/// Of those, the ones that gRPC's handlers and callers read and write as metadata.
pub(in crate::call) const PREVIOUS_ATTEMPTS: &str = "grpc-previous-rpc-attempts";
pub(in crate::call) const PUSHBACK: &str = "grpc-retry-pushback-ms";

/// A metadata name: lower-case letters, digits, `_`, `-` and `.`, as in gRPC.
///
/// A name that ends in `-bin` is for binary values. Upper-case letters are turned to lower case,
/// since names that differ in case only are one name. `content-type` and all names that begin with
/// `kafka_`, `grpc-` or `rpc-` are refused: they belong to the call itself. The two that gRPC has for
/// retries are not: `grpc-previous-rpc-attempts` and `grpc-retry-pushback-ms`.
///
/// ```
/// use kafka_rpc::MetadataKey;
///
/// let key: MetadataKey = "Tenant-Id".parse()?;
/// assert_eq!(key, "tenant-id");
///
/// let error = "grpc-status".parse::<MetadataKey>().unwrap_err();
/// assert!(error.to_string().contains("reserved"));
/// # Ok::<(), kafka_rpc::InvalidMetadata>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MetadataKey(Box<str>);

impl MetadataKey {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the name ends in `-bin`, so that its values are raw bytes.
    pub fn is_binary(&self) -> bool {
        self.0.ends_with("-bin")
    }

    /// The key of a name that is known to be one.
    pub(in crate::call) fn known(name: &'static str) -> Self {
        Self(name.into())
    }

    /// Whether this is the key of that name, in whatever case.
    pub(super) fn is(&self, name: &str) -> bool {
        self.0.eq_ignore_ascii_case(name)
    }
}

impl TryFrom<String> for MetadataKey {
    type Error = InvalidMetadata;

    fn try_from(mut name: String) -> Result<Self, InvalidMetadata> {
        if name.is_empty() {
            return Err(InvalidMetadata::empty_key());
        }
        if let Some(character) = name.chars().find(|character| !is_key_character(*character)) {
            return Err(InvalidMetadata::key_character(&name, character));
        }
        name.make_ascii_lowercase();
        let is_reserved = RESERVED_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix));
        let is_ours = is_reserved && name != PREVIOUS_ATTEMPTS && name != PUSHBACK;
        if name == "content-type" || is_ours {
            return Err(InvalidMetadata::reserved_key(&name));
        }
        Ok(Self(name.into_boxed_str()))
    }
}

fn is_key_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.')
}

impl TryFrom<&str> for MetadataKey {
    type Error = InvalidMetadata;

    fn try_from(name: &str) -> Result<Self, InvalidMetadata> {
        name.to_owned().try_into()
    }
}

impl TryFrom<&String> for MetadataKey {
    type Error = InvalidMetadata;

    fn try_from(name: &String) -> Result<Self, InvalidMetadata> {
        name.as_str().try_into()
    }
}

impl From<&MetadataKey> for MetadataKey {
    fn from(key: &MetadataKey) -> Self {
        key.clone()
    }
}

impl FromStr for MetadataKey {
    type Err = InvalidMetadata;

    fn from_str(name: &str) -> Result<Self, InvalidMetadata> {
        name.try_into()
    }
}

impl AsRef<str> for MetadataKey {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq<str> for MetadataKey {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for MetadataKey {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for MetadataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for MetadataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(name: &str) -> String {
        match MetadataKey::try_from(name) {
            Ok(key) => panic!("{key:?} was accepted"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_names_of_grpc_and_w3c_are_accepted() {
        for name in [
            "a",
            "x-request-id",
            "tenant_id",
            "shop.v1",
            "7",
            "traceparent",
            "tracestate",
            "baggage",
            "data-bin",
        ] {
            assert_eq!(name.parse::<MetadataKey>().unwrap(), name);
        }
    }

    #[test]
    fn upper_case_is_turned_to_lower_case() {
        assert_eq!(
            "X-Request-ID".parse::<MetadataKey>().unwrap(),
            "x-request-id"
        );
    }

    #[test]
    fn an_empty_name_is_refused() {
        assert_eq!(refusal(""), "a metadata key is empty; give it a name");
    }

    #[test]
    fn a_character_that_grpc_does_not_allow_is_named() {
        for (name, character) in [
            ("a b", ' '),
            ("a:b", ':'),
            ("naïve", 'ï'),
            (":path", ':'),
            ("a\n", '\n'),
            ("a/b", '/'),
        ] {
            let message = refusal(name);
            assert!(
                message.contains(&format!("{name:?} holds {character:?}")),
                "{message}"
            );
        }
    }

    #[test]
    fn names_of_the_call_itself_are_refused_in_any_case() {
        for name in [
            "kafka_correlationId",
            "kafka_x",
            "grpc-timeout",
            "rpc-method",
            "content-type",
            "Content-Type",
            "GRPC-x",
        ] {
            assert!(refusal(name).contains("is reserved"), "{name}");
        }
    }

    #[test]
    fn names_that_only_resemble_reserved_ones_are_accepted() {
        for name in [
            "kafka",
            "kafka-x",
            "grpc",
            "grpc_x",
            "rpc",
            "x-grpc-y",
            "content-type-x",
            "content-length",
            PREVIOUS_ATTEMPTS,
            PUSHBACK,
        ] {
            assert!(MetadataKey::try_from(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn the_suffix_tells_a_binary_key() {
        let binary = |name: &str| name.parse::<MetadataKey>().unwrap().is_binary();
        assert!(binary("data-bin") && binary("Data-BIN"));
        assert!(!binary("bin") && !binary("data_bin") && !binary("data-bin-x"));
    }

    #[test]
    fn an_error_shows_no_more_than_the_beginning_of_a_long_name() {
        assert!(refusal(&"é".repeat(10_000)).len() < 400);
    }
}

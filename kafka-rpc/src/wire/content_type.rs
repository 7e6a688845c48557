//! How the value of a record is encoded.

use super::headers::Headers;
use super::names;

/// How a record's value is encoded: the value of `content-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ContentType {
    /// The message in protobuf's binary encoding. Meant where the header is absent.
    #[default]
    Protobuf,
    /// The message in protobuf's canonical JSON.
    Json,
}

/// A value that is no content type that we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("known are application/protobuf and application/json")]
pub(crate) struct UnknownContentType;

impl ContentType {
    /// Reads the header's value, as media types are read: in any case, and with parameters (`;
    /// charset=utf-8`) left aside.
    ///
    /// # Errors
    /// When it is none that we know.
    pub(crate) fn parse(value: &[u8]) -> Result<Self, UnknownContentType> {
        let essence = value
            .split(|&byte| byte == b';')
            .next()
            .unwrap_or(value)
            .trim_ascii();
        [Self::Protobuf, Self::Json]
            .into_iter()
            .find(|kind| essence.eq_ignore_ascii_case(kind.as_str().as_bytes()))
            .ok_or(UnknownContentType)
    }

    /// The header's value.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Protobuf => "application/protobuf",
            Self::Json => "application/json",
        }
    }
}

/// Adds the header where it says more than its absence does.
pub(super) fn write(headers: &mut Headers, content_type: ContentType) {
    if content_type != ContentType::default() {
        headers.push(names::CONTENT_TYPE, content_type.as_str().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_write_is_read_back() {
        for kind in [ContentType::Protobuf, ContentType::Json] {
            assert_eq!(ContentType::parse(kind.as_str().as_bytes()), Ok(kind));
        }
    }

    #[test]
    fn case_and_parameters_do_not_matter() {
        let json = Ok(ContentType::Json);
        assert_eq!(ContentType::parse(b"Application/JSON"), json);
        assert_eq!(ContentType::parse(b"application/json; charset=utf-8"), json);
        assert_eq!(ContentType::parse(b" application/json ;"), json);
    }

    #[test]
    fn other_types_are_unknown() {
        for other in [
            "",
            ";",
            "text/plain",
            "application/jsonl",
            "application/protobuf,application/json",
        ] {
            assert_eq!(
                ContentType::parse(other.as_bytes()),
                Err(UnknownContentType),
                "{other:?}"
            );
        }
    }
}

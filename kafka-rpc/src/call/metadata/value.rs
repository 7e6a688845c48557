use std::fmt;
use std::str::FromStr;

use bytes::Bytes;

use super::{InvalidMetadata, ToStrError};

/// A metadata value: text, or raw bytes under a key that ends in `-bin`.
///
/// Text is printable ASCII, the bytes 0x20 to 0x7e, as in gRPC. Text parses from a `&str`, numbers
/// convert, and bytes are taken as they are; whether a value suits its key is checked where it is
/// inserted. Clones share the bytes.
///
/// ```
/// use kafka_rpc::MetadataValue;
///
/// let text: MetadataValue = "Bearer 1234".parse()?;
/// assert_eq!(text.to_str(), Ok("Bearer 1234"));
/// assert_eq!(MetadataValue::from(42), "42");
///
/// let bytes = MetadataValue::from_bytes(&[0, 159, 255]);
/// assert_eq!(bytes.as_bytes(), [0, 159, 255]);
/// assert!(bytes.to_str().is_err());
/// # Ok::<(), kafka_rpc::InvalidMetadata>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MetadataValue(Bytes);

impl MetadataValue {
    /// A value that is known when compiling, without a copy.
    pub const fn from_static(text: &'static str) -> Self {
        Self(Bytes::from_static(text.as_bytes()))
    }

    /// Copies bytes into a value.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(Bytes::copy_from_slice(bytes))
    }

    /// The value as text; an error if it is not printable ASCII.
    pub fn to_str(&self) -> Result<&str, ToStrError> {
        self.check_text().map_err(|_| ToStrError::new())?;
        std::str::from_utf8(&self.0).map_err(|_| ToStrError::new())
    }

    /// The bytes of the value. Those of a binary value are the bytes themselves, in no encoding.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes of the value, shared with it.
    pub fn to_bytes(&self) -> Bytes {
        self.0.clone()
    }

    /// The number of bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the value has no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn check_text(&self) -> Result<(), InvalidMetadata> {
        match self.0.iter().position(|byte| !matches!(byte, 0x20..=0x7e)) {
            Some(index) => Err(InvalidMetadata::not_text(self.0[index], index)),
            None => Ok(()),
        }
    }
}

impl FromStr for MetadataValue {
    type Err = InvalidMetadata;

    fn from_str(text: &str) -> Result<Self, InvalidMetadata> {
        text.to_owned().try_into()
    }
}

impl TryFrom<&str> for MetadataValue {
    type Error = InvalidMetadata;

    fn try_from(text: &str) -> Result<Self, InvalidMetadata> {
        text.parse()
    }
}

impl TryFrom<&String> for MetadataValue {
    type Error = InvalidMetadata;

    fn try_from(text: &String) -> Result<Self, InvalidMetadata> {
        text.parse()
    }
}

impl TryFrom<String> for MetadataValue {
    type Error = InvalidMetadata;

    fn try_from(text: String) -> Result<Self, InvalidMetadata> {
        let value = Self(text.into());
        value.check_text()?;
        Ok(value)
    }
}

/// Takes the bytes as they are, without a copy.
impl From<Bytes> for MetadataValue {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

macro_rules! from_integers {
    ($($integer:ty),*) => {$(
        /// The number as decimal text.
        impl From<$integer> for MetadataValue {
            fn from(number: $integer) -> Self {
                Self(number.to_string().into())
            }
        }
    )*};
}

from_integers!(i16, i32, i64, isize, u16, u32, u64, usize);

impl PartialEq<str> for MetadataValue {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for MetadataValue {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

/// The text in quotes; bytes that are not text as `b"..."` with escapes.
impl fmt::Debug for MetadataValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_str() {
            Ok(text) => fmt::Debug::fmt(text, f),
            Err(_) => fmt::Debug::fmt(&self.0, f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_printable_character_is_text() {
        let printable: String = (' '..='~').collect();
        let value: MetadataValue = printable.parse().unwrap();
        assert_eq!(value.to_str(), Ok(printable.as_str()));
    }

    #[test]
    fn the_first_byte_that_is_not_text_is_named_with_its_place() {
        for (text, byte, index) in [
            ("a\nb", "0x0a", 1),
            ("\t", "0x09", 0),
            ("ab\x7f", "0x7f", 2),
            ("é", "0xc3", 0),
        ] {
            let message = text.parse::<MetadataValue>().unwrap_err().to_string();
            assert!(
                message.contains(&format!("{byte} at index {index}")),
                "{message}"
            );
        }
    }

    #[test]
    fn an_empty_text_is_a_value() {
        assert_eq!(MetadataValue::try_from("").unwrap().to_str(), Ok(""));
    }

    #[test]
    fn utf8_beyond_ascii_is_not_read_as_text() {
        assert!(MetadataValue::from_bytes("é".as_bytes()).to_str().is_err());
    }

    #[test]
    fn integers_are_decimal_text() {
        assert_eq!(MetadataValue::from(i64::MIN), "-9223372036854775808");
        assert_eq!(MetadataValue::from(u64::MAX), "18446744073709551615");
        assert_eq!(MetadataValue::from(0_u16), "0");
    }

    #[test]
    fn debug_shows_text_as_text_and_bytes_as_bytes() {
        assert_eq!(
            format!("{:?}", MetadataValue::from_static("a\"b")),
            r#""a\"b""#
        );
        assert_eq!(
            format!("{:?}", MetadataValue::from_bytes(&[0, b'a'])),
            r#"b"\0a""#
        );
    }
}

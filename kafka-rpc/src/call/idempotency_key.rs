use std::fmt;
use std::str::FromStr;

use bytes::Bytes;

use crate::outside;

/// What tells that two calls are one and the same: 1 to 255 bytes of any kind.
///
/// Calls of a [deduplicated](crate::MethodDescriptor::deduplicated) method that have one key take
/// effect once. The client of such a method gives each call a random key, so that all attempts at it
/// have one. A caller that may make a call again itself, after a crash for example, sets a key that
/// it will still know then: the number of the order that is paid, or a random one that was stored
/// before.
///
/// ```
/// use kafka_rpc::{IdempotencyKey, Request};
///
/// let mut request = Request::new("4.00 EUR");
/// request.set_idempotency_key("order-17/payment".parse()?);
/// assert_eq!(request.idempotency_key().map(|key| key.as_bytes()), Some(&b"order-17/payment"[..]));
/// # Ok::<(), kafka_rpc::InvalidIdempotencyKey>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(Bytes);

/// Bytes that can't be an [`IdempotencyKey`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key has 1 to 255 bytes, this one has {length}")]
pub struct InvalidIdempotencyKey {
    length: usize,
}

impl IdempotencyKey {
    /// The most bytes that a key may have.
    pub const MAX_LEN: usize = 255;

    /// The key with these bytes.
    ///
    /// # Errors
    /// When there is none, or more than [`MAX_LEN`](Self::MAX_LEN).
    pub fn new(key: impl Into<Bytes>) -> Result<Self, InvalidIdempotencyKey> {
        let key = key.into();
        match key.len() {
            1..=Self::MAX_LEN => Ok(Self(key)),
            length => Err(InvalidIdempotencyKey { length }),
        }
    }

    /// The text of a random UUID.
    pub fn random() -> Self {
        Self(outside::random_id().hyphenated().to_string().into())
    }

    /// The key as it is on the wire.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn to_bytes(&self) -> Bytes {
        self.0.clone()
    }
}

impl FromStr for IdempotencyKey {
    type Err = InvalidIdempotencyKey;

    fn from_str(key: &str) -> Result<Self, Self::Err> {
        Self::new(key.to_owned())
    }
}

/// Printable ASCII as it is, and escapes for the rest.
impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.escape_ascii().fmt(f)
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdempotencyKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_1_to_255_bytes_of_any_kind() {
        assert!(IdempotencyKey::new(vec![0xff]).is_ok());
        assert!(IdempotencyKey::new(vec![b'x'; 255]).is_ok());
        let told = |key: Vec<u8>| IdempotencyKey::new(key).unwrap_err().to_string();
        assert_eq!(
            told(Vec::new()),
            "an idempotency key has 1 to 255 bytes, this one has 0"
        );
        assert!(told(vec![b'x'; 256]).ends_with("has 256"));
    }

    #[test]
    fn a_key_is_shown_as_text() {
        let key = IdempotencyKey::new(&b"order-\xff"[..]).unwrap();
        assert_eq!(key.to_string(), r"order-\xff");
        assert_eq!(format!("{key:?}"), r"IdempotencyKey(order-\xff)");
    }

    #[test]
    fn random_keys_differ() {
        assert_ne!(IdempotencyKey::random(), IdempotencyKey::random());
    }
}

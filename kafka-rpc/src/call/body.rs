use std::fmt;

use bytes::Bytes;

/// An encoded message on its way.
///
/// This is what a `tower` layer around a client or a server sees in place of the message. It is
/// cheap to clone: clones share the bytes.
///
/// ```
/// use kafka_rpc::Body;
///
/// let body = Body::new(vec![8, 42]);
/// assert_eq!(body.len(), 2);
/// assert_eq!(body.as_bytes(), [8, 42]);
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Body {
    bytes: Bytes,
}

impl Body {
    /// Wraps the bytes of an encoded message.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self {
            bytes: bytes.into(),
        }
    }

    /// The number of bytes.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there are no bytes, as for a message with all of its fields at their defaults.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes the bytes out, without a copy.
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }
}

/// Shows the size only: bodies are large and may be confidential.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::Body;

    #[test]
    fn the_bytes_go_in_and_out_without_a_copy() {
        let bytes = bytes::Bytes::from(vec![1, 2, 3]);
        let address = bytes.as_ptr();
        assert_eq!(Body::new(bytes).into_bytes().as_ptr(), address);
    }

    #[test]
    fn debug_shows_the_size_and_not_the_content() {
        assert_eq!(format!("{:?}", Body::new("secret")), "Body(6 bytes)");
    }
}

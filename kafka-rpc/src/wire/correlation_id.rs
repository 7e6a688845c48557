//! The id that ties a reply to its request.

use std::fmt;
use std::hash::{Hash, Hasher};

use uuid::Uuid;

/// The id of a call, in its request and in its reply: 1 to 64 bytes, kept in place.
///
/// Our clients send the text of a random UUID. Other clients send what they like (Spring 16 raw
/// bytes, NestJS hex text), and get it back unchanged.
#[derive(Clone, Copy)]
pub(crate) struct CorrelationId {
    length: u8,
    bytes: [u8; Self::MAX_LEN],
}

/// Bytes that can't be a [`CorrelationId`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a correlation id has 1 to 64 bytes, this one has {length}")]
pub(crate) struct InvalidCorrelationId {
    length: usize,
}

impl CorrelationId {
    /// The most bytes that an id may have.
    pub(crate) const MAX_LEN: usize = 64;

    /// The length of a UUID's text.
    const UUID_LEN: usize = uuid::fmt::Hyphenated::LENGTH;

    /// The id that is the text of this UUID, in lower case with hyphens.
    pub(crate) fn from_uuid(uuid: u128) -> Self {
        let mut bytes = [0; Self::MAX_LEN];
        let length = Uuid::from_u128(uuid)
            .hyphenated()
            .encode_lower(&mut bytes)
            .len();
        Self {
            length: length as u8,
            bytes,
        }
    }

    /// The id with these bytes, of any kind.
    ///
    /// # Errors
    /// When there is none, or more than [`MAX_LEN`](Self::MAX_LEN).
    pub(crate) fn new(id: &[u8]) -> Result<Self, InvalidCorrelationId> {
        if id.is_empty() || id.len() > Self::MAX_LEN {
            return Err(InvalidCorrelationId { length: id.len() });
        }
        let mut bytes = [0; Self::MAX_LEN];
        bytes[..id.len()].copy_from_slice(id);
        Ok(Self {
            length: id.len() as u8,
            bytes,
        })
    }

    /// The id as it is on the wire.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// The UUID that this id is the text of, if it is in the one form that
    /// [`from_uuid`](Self::from_uuid) writes, so that two ids never are the same UUID.
    pub(crate) fn uuid(&self) -> Option<u128> {
        let text = self.as_bytes();
        if text.len() != Self::UUID_LEN || text.iter().any(u8::is_ascii_uppercase) {
            return None;
        }
        Uuid::try_parse_ascii(text).ok().map(|uuid| uuid.as_u128())
    }
}

impl PartialEq for CorrelationId {
    fn eq(&self, other: &Self) -> bool {
        // What is behind the length is zeros in both.
        self.length == other.length && self.bytes == other.bytes
    }
}

impl Eq for CorrelationId {}

impl Hash for CorrelationId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (words, _) = self.bytes.as_chunks::<{ size_of::<u64>() }>();
        let words = words
            .iter()
            .take(usize::from(self.length).div_ceil(size_of::<u64>()));
        for word in words {
            state.write_u64(u64::from_ne_bytes(*word));
        }
        state.write_u8(self.length);
    }
}

/// The text of the id where it is printable, else its bytes in hex behind `0x`.
impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match std::str::from_utf8(self.as_bytes()) {
            Ok(text) if text.bytes().all(|b| b.is_ascii_graphic()) => f.write_str(text),
            _ => {
                f.write_str("0x")?;
                self.as_bytes()
                    .iter()
                    .try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

impl fmt::Debug for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CorrelationId({self})")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_random_id_is_the_text_of_a_version_4_uuid() {
        let id = CorrelationId::from_uuid(Uuid::new_v4().as_u128());
        let text = std::str::from_utf8(id.as_bytes()).unwrap();
        assert_eq!(text.len(), 36);
        assert_eq!(Uuid::parse_str(text).unwrap().get_version_num(), 4);
        assert_eq!(id.to_string(), text);
    }

    #[test]
    fn random_ids_differ() {
        let ids: HashSet<_> = (0..1000)
            .map(|_| CorrelationId::from_uuid(Uuid::new_v4().as_u128()))
            .collect();
        assert_eq!(ids.len(), 1000);
    }

    #[test]
    fn an_id_has_1_to_64_bytes() {
        assert!(CorrelationId::new(b"").is_err());
        assert!(CorrelationId::new(&[7; 64]).is_ok());
        let error = CorrelationId::new(&[7; 65]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a correlation id has 1 to 64 bytes, this one has 65"
        );
    }

    #[test]
    fn only_the_form_that_we_write_is_a_uuid() {
        let text = "67e55044-10b1-426f-9247-bb680e5fe0c8";
        let uuid = |text: &str| CorrelationId::new(text.as_bytes()).unwrap().uuid();
        assert_eq!(uuid(text), Some(0x67e55044_10b1_426f_9247_bb680e5fe0c8));
        assert_eq!(uuid(&text.to_uppercase()), None);
        assert_eq!(uuid(&text.replace('-', "")), None);
        assert_eq!(uuid(&text.replace('c', "g")), None);
        assert_eq!(uuid(&format!("{{{text}}}")), None);
    }

    #[test]
    fn an_id_that_is_not_printable_is_shown_in_hex() {
        let shown = |bytes: &[u8]| CorrelationId::new(bytes).unwrap().to_string();
        assert_eq!(shown(b"order-7"), "order-7");
        assert_eq!(shown(&[0, 0xab]), "0x00ab");
        assert_eq!(shown(b"a b"), "0x612062");
    }

    proptest! {
        #[test]
        fn an_id_keeps_its_bytes(bytes in prop::collection::vec(any::<u8>(), 1..=64)) {
            let id = CorrelationId::new(&bytes).unwrap();
            prop_assert_eq!(id.as_bytes(), &bytes[..]);
            prop_assert_eq!(id, CorrelationId::new(&bytes).unwrap());
        }

        #[test]
        fn a_uuid_is_read_back(uuid: u128) {
            prop_assert_eq!(CorrelationId::from_uuid(uuid).uuid(), Some(uuid));
        }
    }
}

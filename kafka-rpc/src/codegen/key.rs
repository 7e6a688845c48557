use bytes::Bytes;

use crate::call::Request;

/// A field's value as the key of a record: strings as UTF-8, integers as decimal text, bytes as
/// they are.
pub trait KeyField {
    /// The key; none where an optional field is not set.
    fn key_bytes(&self) -> Option<Bytes>;
}

/// Sets the key of a request, unless its caller set one.
pub fn default_key<Req>(request: &mut Request<Req>, key: Option<Bytes>) {
    let current = &mut request.parts_mut().key;
    if current.is_none() {
        *current = key;
    }
}

impl KeyField for str {
    fn key_bytes(&self) -> Option<Bytes> {
        Some(Bytes::copy_from_slice(self.as_bytes()))
    }
}

impl KeyField for String {
    fn key_bytes(&self) -> Option<Bytes> {
        self.as_str().key_bytes()
    }
}

impl KeyField for Vec<u8> {
    fn key_bytes(&self) -> Option<Bytes> {
        Some(Bytes::copy_from_slice(self))
    }
}

impl KeyField for Bytes {
    fn key_bytes(&self) -> Option<Bytes> {
        Some(self.clone())
    }
}

impl KeyField for bool {
    fn key_bytes(&self) -> Option<Bytes> {
        Some(Bytes::from_static(if *self { b"true" } else { b"false" }))
    }
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl KeyField for $integer {
            fn key_bytes(&self) -> Option<Bytes> {
                Some(Bytes::from(self.to_string()))
            }
        }
    )*};
}

integers!(i32, i64, u32, u64);

impl<T: KeyField> KeyField for Option<T> {
    fn key_bytes(&self) -> Option<Bytes> {
        self.as_ref().and_then(T::key_bytes)
    }
}

impl<T: KeyField + ?Sized> KeyField for &T {
    fn key_bytes(&self) -> Option<Bytes> {
        T::key_bytes(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(field: impl KeyField) -> Option<Vec<u8>> {
        field.key_bytes().map(|key| key.to_vec())
    }

    #[test]
    fn strings_are_utf8() {
        assert_eq!(key("customer-ü"), Some("customer-ü".as_bytes().to_vec()));
        assert_eq!(key(String::from("a")), Some(b"a".to_vec()));
        assert_eq!(key(""), Some(vec![]));
    }

    #[test]
    fn integers_are_decimal_text() {
        assert_eq!(key(i32::MIN), Some(b"-2147483648".to_vec()));
        assert_eq!(key(i64::MIN), Some(b"-9223372036854775808".to_vec()));
        assert_eq!(key(u32::MAX), Some(b"4294967295".to_vec()));
        assert_eq!(key(u64::MAX), Some(b"18446744073709551615".to_vec()));
    }

    #[test]
    fn booleans_are_words() {
        assert_eq!(
            (key(true), key(false)),
            (Some(b"true".to_vec()), Some(b"false".to_vec()))
        );
    }

    #[test]
    fn bytes_are_as_they_are() {
        assert_eq!(key(vec![0, 255]), Some(vec![0, 255]));
        assert_eq!(key(Bytes::from_static(&[0, 255])), Some(vec![0, 255]));
    }

    #[test]
    fn a_field_that_is_not_set_is_no_key() {
        assert_eq!(key(None::<String>), None);
        assert_eq!(key(Some("a")), Some(b"a".to_vec()));
        assert_eq!(key(Some(&7_i64)), Some(b"7".to_vec()));
    }

    #[test]
    fn the_callers_key_wins_over_the_methods() {
        let mut request = Request::new(());
        default_key(&mut request, None);
        assert_eq!(request.key(), None);
        default_key(&mut request, Some(Bytes::from_static(b"field")));
        assert_eq!(request.key(), Some(&b"field"[..]));
        request.set_key("caller");
        default_key(&mut request, Some(Bytes::from_static(b"field")));
        assert_eq!(request.key(), Some(&b"caller"[..]));
    }
}

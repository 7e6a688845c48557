//! The percent-encoding of `grpc-message`.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode, utf8_percent_encode};

/// What can't stand for itself: all but the printable ASCII characters (space among them), and `%`.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');

/// Encodes a status message: the bytes of its UTF-8 that are not printable ASCII, and `%`, become
/// `%` and two hex digits.
pub(crate) fn encode(message: &str) -> Cow<'_, str> {
    utf8_percent_encode(message, ESCAPED).into()
}

/// Decodes a status message. Never fails: a `%` that two hex digits don't follow stands for itself,
/// and what is not UTF-8 is shown as U+FFFD, since half a message tells more than none.
pub(crate) fn decode(value: &[u8]) -> Cow<'_, str> {
    match Cow::from(percent_decode(value)) {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn printable_ascii_stands_for_itself() {
        let text = " no stock of \"7\" (~5 left)";
        assert!(matches!(encode(text), Cow::Borrowed(same) if same == text));
    }

    #[test]
    fn the_rest_is_escaped() {
        assert_eq!(encode("100% Zoë\r\n\u{7f}"), "100%25 Zo%C3%AB%0D%0A%7F");
    }

    #[test]
    fn lower_case_digits_are_read_too() {
        assert_eq!(decode(b"Zo%c3%ab"), "Zoë");
    }

    #[test]
    fn a_damaged_message_is_read_as_far_as_it_goes() {
        assert_eq!(decode(b"50% of %zz, %4"), "50% of %zz, %4");
        assert_eq!(decode(b"a%FFb"), "a\u{fffd}b");
        assert_eq!(decode(b"a\xffb"), "a\u{fffd}b");
        assert_eq!(
            decode("Zoë".as_bytes()),
            "Zoë",
            "not encoded as it should be, but clear"
        );
    }

    proptest! {
        #[test]
        fn a_message_is_read_back(message: String) {
            let encoded = encode(&message).into_owned();
            prop_assert!(encoded.bytes().all(|b| (b' '..=b'~').contains(&b)), "{encoded:?}");
            prop_assert_eq!(decode(encoded.as_bytes()), message);
        }

        #[test]
        fn random_bytes_never_panic(bytes: Vec<u8>) {
            let _ = decode(&bytes);
        }
    }
}

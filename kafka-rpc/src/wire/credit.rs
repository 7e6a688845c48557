//! How much a sender may send.

use std::fmt;

/// How much one side lets the other send in all, from the beginning of the stream. It only grows,
/// so to be told the same again, or less, changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Credit {
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
}

/// What a side may send before it was told anything.
pub(crate) const INITIAL_CREDIT: Credit = Credit {
    messages: 64,
    bytes: 64 * 1024,
};

/// Bytes that are no credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("credit is two decimal numbers up to 2^63: messages, a space, bytes")]
pub(crate) struct InvalidCredit;

impl Credit {
    /// Reads the header's value.
    ///
    /// # Errors
    /// When it is not two decimal numbers with a space between.
    pub(crate) fn parse(value: &[u8]) -> Result<Self, InvalidCredit> {
        let space = value.iter().position(|byte| *byte == b' ');
        let (messages, bytes) = value.split_at(space.ok_or(InvalidCredit)?);
        Ok(Self {
            messages: number(messages).ok_or(InvalidCredit)?,
            bytes: number(&bytes[1..]).ok_or(InvalidCredit)?,
        })
    }
}

/// A decimal number as the stream headers have them: digits only, at most 2^63.
pub(crate) fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: u64 = str::from_utf8(text).ok()?.parse().ok()?;
    (number <= 1 << 63).then_some(number)
}

impl fmt::Display for Credit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.messages, self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_credit_is_refused() {
        for text in [
            "",
            " ",
            "1",
            "1 ",
            " 1",
            "1  2",
            "1 2 ",
            "-1 2",
            "+1 2",
            "1 x",
            "9223372036854775809 1",
            "1 99999999999999999999",
        ] {
            assert_eq!(
                Credit::parse(text.as_bytes()),
                Err(InvalidCredit),
                "{text:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn credit_is_read_back(messages in 0..=1_u64 << 63, bytes in 0..=1_u64 << 63) {
            let credit = Credit { messages, bytes };
            prop_assert_eq!(Credit::parse(credit.to_string().as_bytes()), Ok(credit));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = Credit::parse(&bytes);
        }
    }
}

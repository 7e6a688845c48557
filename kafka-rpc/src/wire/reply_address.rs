//! Where a reply is to be written.

use std::sync::Arc;

use super::topic_name::{self, InvalidTopicName};

/// Where the caller waits for the reply to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReplyAddress {
    topic: Arc<str>,
    partition: Option<i32>,
}

/// The first partition that no topic can have: 808,464,432. Its four bytes, and those of many after
/// it, are all digits, so such a partition could not be told from decimal text; and no cluster is
/// near so many.
const NO_SUCH_PARTITION: i32 = i32::from_be_bytes(*b"0000");

/// A topic or a partition that a reply can't be written to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidReplyAddress {
    /// The topic has no valid name.
    #[error(transparent)]
    Topic(#[from] InvalidTopicName),
    /// The partition can't be.
    #[error("a reply partition is from 0 to {}, 4 bytes big-endian or decimal text", NO_SUCH_PARTITION - 1)]
    Partition,
}

impl ReplyAddress {
    /// The address of a partition of a topic; where `partition` is `None`, of the one that the
    /// call's correlation id belongs to as a key.
    ///
    /// # Errors
    /// When Kafka knows no such topic name, or no topic has such a partition.
    pub(crate) fn new(
        topic: impl Into<Arc<str>>,
        partition: Option<i32>,
    ) -> Result<Self, InvalidReplyAddress> {
        let topic = topic.into();
        topic_name::check(&topic)?;
        match partition {
            Some(partition) if !(0..NO_SUCH_PARTITION).contains(&partition) => {
                Err(InvalidReplyAddress::Partition)
            }
            _ => Ok(Self { topic, partition }),
        }
    }

    /// The address in a topic whose name was checked, of a partition that was.
    pub(super) fn of_topic(topic: Arc<str>, partition: Option<i32>) -> Self {
        Self { topic, partition }
    }

    /// The topic's name.
    pub(crate) fn topic(&self) -> &Arc<str> {
        &self.topic
    }

    /// The partition that the caller reads, where it names one.
    pub(crate) fn partition(&self) -> Option<i32> {
        self.partition
    }
}

/// Reads the value of `kafka_replyPartition` in both of its forms: four bytes big-endian, as Spring
/// sends it, or decimal text, as NestJS does. Four bytes that are all digits are text.
///
/// # Errors
/// When it is neither, or no topic has such a partition.
pub(crate) fn parse_partition(value: &[u8]) -> Result<i32, InvalidReplyAddress> {
    let partition = match <[u8; 4]>::try_from(value) {
        Ok(bytes) if !bytes.iter().all(u8::is_ascii_digit) => Some(i32::from_be_bytes(bytes)),
        _ => decimal(value),
    };
    partition
        .filter(|partition| (0..NO_SUCH_PARTITION).contains(partition))
        .ok_or(InvalidReplyAddress::Partition)
}

fn decimal(value: &[u8]) -> Option<i32> {
    // `i32::from_str` would take a sign.
    if !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_forms_of_a_partition_are_read() {
        assert_eq!(parse_partition(&[0, 0, 1, 2]), Ok(258));
        assert_eq!(parse_partition(b"0"), Ok(0));
        assert_eq!(parse_partition(b"42"), Ok(42));
        assert_eq!(parse_partition(b"10000"), Ok(10_000));
    }

    #[test]
    fn four_digits_are_text() {
        assert_eq!(parse_partition(b"1234"), Ok(1234));
        assert_eq!(
            parse_partition(b"123\0"),
            Err(InvalidReplyAddress::Partition)
        );
    }

    #[test]
    fn other_values_are_refused() {
        let values: [&[u8]; 9] = [
            b"",
            b"-1",
            b"+1",
            b"1.0",
            b"three",
            &[1],
            &[0; 8],
            &[0xff; 4],
            b"4294967296",
        ];
        for value in values {
            let read = parse_partition(value);
            assert_eq!(
                read,
                Err(InvalidReplyAddress::Partition),
                "{}",
                value.escape_ascii()
            );
        }
        assert_eq!(parse_partition(b"808464431"), Ok(808_464_431));
        assert_eq!(
            parse_partition(b"808464432"),
            Err(InvalidReplyAddress::Partition)
        );
    }

    #[test]
    fn an_address_has_a_valid_topic_and_partition() {
        assert!(ReplyAddress::new("shop.v1.Orders.reply", Some(3)).is_ok());
        assert!(ReplyAddress::new("shop.v1.Orders.reply", None).is_ok());
        assert!(ReplyAddress::new("shop v1", None).is_err());
        assert_eq!(
            ReplyAddress::new("shop", Some(-1)).unwrap_err().to_string(),
            "a reply partition is from 0 to 808464431, 4 bytes big-endian or decimal text"
        );
    }

    proptest! {
        #[test]
        fn a_partition_is_read_in_both_forms(partition in 0..NO_SUCH_PARTITION) {
            prop_assert_eq!(parse_partition(&partition.to_be_bytes()), Ok(partition));
            prop_assert_eq!(parse_partition(partition.to_string().as_bytes()), Ok(partition));
        }

        #[test]
        fn random_bytes_never_panic(bytes: Vec<u8>) {
            let _ = parse_partition(&bytes);
        }
    }
}

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use bytes::Bytes;

use super::LetterTopic;
use crate::call::Status;
use crate::outside;
use crate::transport::{Outgoing, Record};
use crate::wire::{
    LetterCause, LetterHead, encode_letter, mark_omitted, only_of_letter, replays_of,
};

/// A request that is to be written to its dead-letter topic.
#[derive(Debug)]
pub(in crate::server) struct Letter {
    pub(in crate::server) topic: LetterTopic,
    pub(in crate::server) cause: LetterCause,
    pub(in crate::server) status: Status,
    /// How often its handler was started.
    pub(in crate::server) attempts: u32,
    /// The request as it came.
    pub(in crate::server) record: Record,
    /// The last offset, where it stands for several records that can't be read.
    pub(in crate::server) last_offset: Option<i64>,
}

impl Letter {
    /// A request that no handler has seen.
    pub(in crate::server) fn unhandled(
        topic: LetterTopic,
        cause: LetterCause,
        status: Status,
        record: Record,
    ) -> Self {
        Self {
            topic,
            cause,
            status,
            attempts: 0,
            record,
            last_offset: None,
        }
    }

    /// What it takes up until it is acknowledged.
    pub(in crate::server) fn bytes(&self) -> usize {
        const FIELDS: usize = 512;
        let key = self.record.key.as_ref().map_or(0, Bytes::len);
        self.record.value.len() + key + self.record.headers.byte_len() + FIELDS
    }

    /// The record to be written by this instance. Letters of one partition go to one partition, in
    /// their order.
    pub(in crate::server) fn into_record(self, instance: &Arc<str>) -> Outgoing {
        let record = self.record;
        let head = LetterHead {
            cause: self.cause,
            code: self.status.code(),
            message: self.status.message().to_owned(),
            attempts: self.attempts,
            time: millis_since_epoch(),
            instance: Arc::clone(instance),
            topic: record.topic,
            partition: record.partition,
            offset: record.offset,
            last_offset: self.last_offset,
            timestamp: record.timestamp,
            omitted: None,
            replays: replays_of(&record.headers),
        };
        let partitions = i32::try_from(self.topic.partitions)
            .unwrap_or(i32::MAX)
            .max(1);
        Outgoing {
            topic: self.topic.name,
            partition: Some(record.partition.rem_euclid(partitions)),
            patient: false,
            key: record.key,
            value: record.value,
            headers: encode_letter(&record.headers, &head),
        }
    }
}

/// Makes a letter smaller that its topic has no room for: first it loses the value, then all but what
/// is said of the request. False where there is no smaller one.
pub(in crate::server) fn shrink(letter: &mut Outgoing) -> bool {
    if !letter.value.is_empty() {
        mark_omitted(&mut letter.headers, letter.value.len() as u64);
        letter.value = Bytes::new();
        return true;
    }
    let headers = only_of_letter(&letter.headers);
    let smaller = letter.key.is_some() || headers.len() < letter.headers.len();
    letter.headers = headers;
    letter.key = None;
    smaller
}

fn millis_since_epoch() -> i64 {
    let since = outside::wall_clock().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Headers, decode_letter};

    #[test]
    fn a_letter_gets_smaller_until_it_says_only_where_its_request_was() {
        let topic = LetterTopic {
            name: "t.dead-letter".into(),
            partitions: 2,
        };
        let record = Record {
            topic: "t".into(),
            partition: 3,
            offset: 41,
            key: Some(Bytes::from_static(b"key")),
            value: Bytes::from_static(b"value"),
            headers: [("tenant", "north")].into_iter().collect::<Headers>(),
            ..Record::default()
        };
        let letter =
            Letter::unhandled(topic, LetterCause::Refused, Status::internal("why"), record);
        let mut letter = letter.into_record(&"node".into());
        assert_eq!(letter.partition, Some(1));
        assert!(shrink(&mut letter), "it loses its value");
        assert_eq!(
            (&*letter.value, letter.key.as_deref()),
            (&b""[..], Some(&b"key"[..]))
        );
        assert_eq!(
            decode_letter(&letter.headers).and_then(|head| head.omitted),
            Some(5)
        );
        assert!(shrink(&mut letter), "it loses all that is the request's");
        assert_eq!(letter.key, None);
        assert!(letter.headers.iter().all(|(name, _)| name != "tenant"));
        assert_eq!(
            decode_letter(&letter.headers).map(|head| head.offset),
            Some(41)
        );
        assert!(!shrink(&mut letter), "there is no smaller one");
    }
}

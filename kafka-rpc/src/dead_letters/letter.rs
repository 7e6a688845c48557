use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prost::{DecodeError, Message};

use crate::call::{Code, Origin, Status};
use crate::transport::Record;
use crate::wire::{LetterCause, LetterHead, decode_letter, is_of_letter};

/// Where a dead letter is in its topic; as text its partition and its offset: `0/41`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LetterId {
    /// The partition of the dead-letter topic.
    pub partition: i32,
    /// The letter's offset in it.
    pub offset: i64,
}

impl fmt::Display for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.partition, self.offset)
    }
}

impl FromStr for LetterId {
    type Err = crate::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = text.split_once('/').and_then(|(partition, offset)| {
            Some(Self {
                partition: partition.parse().ok()?,
                offset: offset.parse().ok()?,
            })
        });
        parsed.ok_or_else(|| {
            let message =
                format!("{text:?} is no dead letter's id: partition/offset, as in `0/41`");
            crate::Error::Config(message)
        })
    }
}

/// A request that was not handled, or failed for good, and what is known of that.
#[derive(Debug)]
pub struct DeadLetter {
    record: Record,
    /// `None` where the record is no letter of ours.
    head: Option<LetterHead>,
    origin: Origin,
    has_all_pieces: bool,
}

impl DeadLetter {
    pub(super) fn new(record: Record, has_all_pieces: bool) -> Self {
        let head = decode_letter(&record.headers);
        let origin = match &head {
            Some(head) => Origin {
                topic: Arc::clone(&head.topic),
                partition: head.partition,
                offset: head.offset,
                timestamp: time(head.timestamp.unwrap_or_default()),
            },
            None => Origin {
                topic: Arc::clone(&record.topic),
                partition: record.partition,
                offset: record.offset,
                timestamp: time(record.timestamp.unwrap_or_default()),
            },
        };
        Self {
            record,
            head,
            origin,
            has_all_pieces,
        }
    }

    /// Where the letter is.
    pub fn id(&self) -> LetterId {
        LetterId {
            partition: self.record.partition,
            offset: self.record.offset,
        }
    }

    /// Why the request became a letter.
    pub fn cause(&self) -> LetterCause {
        let cause = self.head.as_ref().map(|head| head.cause);
        cause.unwrap_or(LetterCause::Unknown)
    }

    /// The status that the request ended with: the handler's last, or why it was not handled.
    pub fn status(&self) -> Status {
        match &self.head {
            Some(head) => Status::new(head.code, &*head.message),
            None => Status::new(
                Code::Unknown,
                "the record does not say why it is a dead letter",
            ),
        }
    }

    /// How often its handler was started.
    pub fn attempts(&self) -> u32 {
        self.head.as_ref().map_or(0, |head| head.attempts)
    }

    /// When the letter was written, by the clock of the server that wrote it.
    pub fn time(&self) -> SystemTime {
        let written = self.head.as_ref().map(|head| head.time);
        time(written.or(self.record.timestamp).unwrap_or_default())
    }

    /// Which instance of the server wrote it.
    pub fn instance(&self) -> Option<&str> {
        self.head.as_ref().map(|head| &*head.instance)
    }

    /// The record that the request came in.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The offset of the last record that the letter stands for: more than its
    /// [origin](Self::origin)'s where several can't be read.
    pub fn last_offset(&self) -> i64 {
        let last = self.head.as_ref().and_then(|head| head.last_offset);
        last.unwrap_or(self.origin.offset)
    }

    /// How often the request has been replayed.
    pub fn replays(&self) -> u32 {
        self.head.as_ref().map_or(0, |head| head.replays)
    }

    /// Whether the letter has all of its request, so that it can be replayed.
    pub fn is_whole(&self) -> bool {
        let readable =
            |head: &LetterHead| head.omitted.is_none() && head.cause != LetterCause::Unreadable;
        self.has_all_pieces && self.head.as_ref().is_some_and(readable)
    }

    /// The request's key.
    pub fn key(&self) -> Option<&[u8]> {
        self.record.key.as_deref()
    }

    /// The request's message, encoded.
    pub fn value(&self) -> &[u8] {
        &self.record.value
    }

    /// The request's message.
    ///
    /// # Errors
    /// When it is not of this type, or in JSON.
    pub fn decode<M: Message + Default>(&self) -> Result<M, DecodeError> {
        M::decode(&*self.record.value)
    }

    /// The request's headers, as they came.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let headers = self.record.headers.iter();
        headers.filter(|(name, _)| !is_of_letter(name))
    }

    pub(super) fn has_all_pieces(&self) -> bool {
        self.has_all_pieces
    }

    pub(super) fn record(&self) -> &Record {
        &self.record
    }
}

fn time(millis: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        let id = LetterId {
            partition: 3,
            offset: 41,
        };
        assert_eq!(id.to_string(), "3/41");
        assert_eq!("3/41".parse::<LetterId>().ok(), Some(id));
        for text in ["", "3", "3/", "/41", "a/b", "3/41/5"] {
            let error = text.parse::<LetterId>().unwrap_err().to_string();
            assert!(error.contains("as in `0/41`"), "{error}");
        }
    }

    #[test]
    fn a_record_that_is_no_letter_is_shown_and_not_whole() {
        let letter = DeadLetter::new(Record::default(), true);
        assert_eq!(letter.cause(), LetterCause::Unknown);
        assert!(!letter.is_whole());
    }
}

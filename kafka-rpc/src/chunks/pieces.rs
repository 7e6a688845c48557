//! The receiving side: pieces that wait for the last one.

use std::hash::Hash;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::time::Instant;

use crate::Status;
use crate::hashing::HashMap;
use crate::transport::Record;
use crate::wire::{CorrelationId, Part, part_of};

/// After so long without a further piece a message is given up.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most messages that wait for pieces at a time.
const MOST_WAITING: usize = 1024;
/// How many messages of the largest size may wait for pieces at a time.
const LARGEST: usize = 4;

/// Puts messages together. What waits for pieces is bounded, in messages and bytes, and in time.
///
/// `P` is where a call is: calls in different places may have the same id.
#[derive(Debug)]
pub(crate) struct Pieces<P> {
    /// The most bytes of a message; `None` where none are put together.
    limit: Option<usize>,
    waiting: HashMap<(P, CorrelationId), Message>,
    bytes: usize,
}

#[derive(Debug)]
struct Message {
    pieces: Vec<Bytes>,
    bytes: usize,
    offsets: Vec<i64>,
    last: Instant,
    /// Why it will not be put together.
    refused: Option<Status>,
}

/// What becomes of a record.
#[derive(Debug)]
pub(crate) enum Taken {
    /// It has a whole message, of which these records were pieces.
    Whole(Record, Vec<i64>),
    /// It is a piece, and waits for the others.
    Piece,
    /// It ends a message that can't be put together, of which these records were pieces.
    Refused(Record, Status, Vec<i64>),
}

impl<P: Copy + Eq + Hash> Pieces<P> {
    pub(crate) fn new(limit: Option<usize>) -> Self {
        Self {
            limit,
            waiting: HashMap::default(),
            bytes: 0,
        }
    }

    /// Whether messages are put together at all.
    pub(crate) fn are_taken(&self) -> bool {
        self.limit.is_some()
    }

    /// Takes a record.
    pub(crate) fn take(&mut self, place: P, mut record: Record, now: Instant) -> Taken {
        let Some(limit) = self.limit else {
            return Taken::Whole(record, Vec::new());
        };
        match part_of(&record.headers) {
            None => Taken::Whole(record, Vec::new()),
            Some((id, Part::Piece(number))) => {
                self.piece((place, id), number, record, limit, now);
                Taken::Piece
            }
            Some((id, Part::Last(whole))) => {
                let message = self.remove(&(place, id));
                let offsets = message
                    .as_ref()
                    .map_or_else(Vec::new, |message| message.offsets.clone());
                let joined = message
                    .ok_or_else(|| missing(whole.pieces, 0))
                    .and_then(|message| match message.refused {
                        Some(status) => Err(status),
                        None => join(&message.pieces, &record.value, whole, limit),
                    });
                match joined {
                    Ok(value) => {
                        record.value = value;
                        Taken::Whole(record, offsets)
                    }
                    Err(status) => Taken::Refused(record, status, offsets),
                }
            }
        }
    }

    fn piece(
        &mut self,
        key: (P, CorrelationId),
        number: u64,
        record: Record,
        limit: usize,
        now: Instant,
    ) {
        // The first one begins anew: its sender may have begun before.
        let (mut offsets, known) = match self.remove(&key) {
            Some(message) if number == 1 => (message.offsets, None),
            Some(message) => (Vec::new(), Some(message)),
            None => (Vec::new(), None),
        };
        let mut message = known.unwrap_or_else(|| Message {
            pieces: Vec::new(),
            bytes: 0,
            offsets: std::mem::take(&mut offsets),
            last: now,
            refused: None,
        });
        message.last = now;
        message.offsets.push(record.offset);
        let expected = message.pieces.len() as u64 + 1;
        let bytes = message.bytes + record.value.len();
        let refused = if message.refused.is_some() {
            return self.keep(key, message);
        } else if number < expected {
            // A repeated record.
            return self.keep(key, message);
        } else if number > expected {
            Some(missing(number - 1, message.pieces.len()))
        } else if bytes > limit {
            Some(Status::resource_exhausted(format!(
                "the message has more than {limit} bytes, which is the most that is put together here"
            )))
        } else if self.waiting.len() >= MOST_WAITING
            || self.bytes + bytes > limit.saturating_mul(LARGEST)
        {
            Some(Status::resource_exhausted(
                "too many messages in pieces are on their way at the same time",
            ))
        } else {
            None
        };
        match refused {
            Some(status) => {
                message.pieces.clear();
                message.bytes = 0;
                message.refused = Some(status);
            }
            None => {
                message.pieces.push(record.value);
                message.bytes = bytes;
            }
        }
        self.keep(key, message);
    }

    fn keep(&mut self, key: (P, CorrelationId), message: Message) {
        // A bound also for those that are refused: one more is only missed by its last record.
        if self.waiting.len() < 2 * MOST_WAITING {
            self.bytes += message.bytes;
            self.waiting.insert(key, message);
        }
    }

    fn remove(&mut self, key: &(P, CorrelationId)) -> Option<Message> {
        let message = self.waiting.remove(key)?;
        self.bytes -= message.bytes;
        Some(message)
    }

    /// Its call is over: tells which records were its pieces.
    pub(crate) fn forget(&mut self, place: P, id: CorrelationId) -> Vec<i64> {
        if self.waiting.is_empty() {
            return Vec::new();
        }
        self.remove(&(place, id))
            .map_or_else(Vec::new, |message| message.offsets)
    }

    /// Forgets all in a place.
    pub(crate) fn forget_place(&mut self, place: P) {
        self.waiting.retain(|(of, _), _| *of != place);
        self.bytes = self.waiting.values().map(|message| message.bytes).sum();
    }

    /// Gives up messages that have waited for too long: tells which records were their pieces.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<(P, Vec<i64>)> {
        if self.waiting.is_empty() {
            return Vec::new();
        }
        let late: Vec<_> = self
            .waiting
            .iter()
            .filter(|(_, message)| now.saturating_duration_since(message.last) >= PATIENCE)
            .map(|(key, _)| *key)
            .collect();
        late.iter()
            .filter_map(|key| Some((key.0, self.remove(key)?.offsets)))
            .collect()
    }
}

fn join(
    pieces: &[Bytes],
    last: &Bytes,
    whole: crate::wire::Whole,
    limit: usize,
) -> Result<Bytes, Status> {
    if pieces.len() as u64 != whole.pieces {
        return Err(missing(whole.pieces, pieces.len()));
    }
    let bytes = pieces.iter().map(Bytes::len).sum::<usize>() + last.len();
    if bytes > limit {
        return Err(Status::resource_exhausted(format!(
            "the message has {bytes} bytes; at most {limit} are put together here"
        )));
    }
    let mut message = BytesMut::with_capacity(bytes);
    for piece in pieces {
        message.extend_from_slice(piece);
    }
    message.extend_from_slice(last);
    let message = message.freeze();
    if message.len() as u64 != whole.bytes || crc32fast::hash(&message) != whole.checksum {
        return Err(Status::data_loss(format!(
            "a message in pieces was damaged: {} bytes came of {}, or other ones than were sent",
            message.len(),
            whole.bytes
        )));
    }
    Ok(message)
}

fn missing(wanted: u64, there: usize) -> Status {
    Status::data_loss(format!(
        "a message in pieces is not whole: there are {there} of the {wanted} before the last"
    ))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;
    use proptest::prelude::*;

    use super::*;
    use crate::call::Code;
    use crate::chunks::producer::cutting;
    use crate::transport::{Outgoing, Producer, Undelivered};
    use crate::wire::Headers;

    #[derive(Default)]
    struct Log(Mutex<Vec<Outgoing>>);

    impl Producer for Log {
        fn send(&self, record: Outgoing, _: Option<u128>) -> Result<(), Box<Undelivered>> {
            self.0.lock().push(record);
            Ok(())
        }
    }

    fn cut(id: &str, value: Vec<u8>, piece: usize) -> Vec<Record> {
        let headers = [("kafka_correlationId", id), ("other", "x")];
        let log = Arc::new(Log::default());
        let record = Outgoing {
            topic: "topic".into(),
            partition: Some(0),
            patient: false,
            key: None,
            value: value.into(),
            headers: headers.into_iter().collect(),
        };
        let producer = cutting(Arc::clone(&log) as Arc<dyn Producer>, Some(piece));
        producer.send(record, None).unwrap();
        let records = std::mem::take(&mut *log.0.lock());
        (0..)
            .zip(records)
            .map(|(offset, record)| Record {
                topic: record.topic,
                partition: 0,
                offset,
                timestamp: None,
                key: None,
                value: record.value,
                headers: record.headers,
            })
            .collect()
    }

    fn again(record: &Record) -> Record {
        Record {
            topic: Arc::clone(&record.topic),
            partition: record.partition,
            offset: record.offset,
            timestamp: None,
            key: None,
            value: record.value.clone(),
            headers: record.headers.iter().collect::<Headers>(),
        }
    }

    fn last(pieces: &mut Pieces<u8>, records: Vec<Record>) -> Taken {
        let now = Instant::now();
        let mut taken = Taken::Piece;
        for record in records {
            assert!(matches!(taken, Taken::Piece));
            taken = pieces.take(0, record, now);
        }
        taken
    }

    proptest! {
        #[test]
        fn what_was_cut_is_put_together(
            value in prop::collection::vec(any::<u8>(), 0..500),
            piece in 1..200_usize,
        ) {
            let records = cut("a", value.clone(), piece);
            let count = records.len();
            prop_assert_eq!(count, value.len().div_ceil(piece).max(1));
            prop_assert!(records.iter().all(|record| record.value.len() <= piece));
            let mut pieces = Pieces::new(Some(1000));
            match last(&mut pieces, records) {
                Taken::Whole(record, offsets) => {
                    prop_assert_eq!(&record.value[..], &value[..]);
                    prop_assert_eq!(offsets, (0..count as i64 - 1).collect::<Vec<_>>());
                }
                other => prop_assert!(false, "{other:?}"),
            }
            prop_assert_eq!((pieces.bytes, pieces.waiting.len()), (0, 0));
        }

        #[test]
        fn a_message_that_lost_or_repeats_a_piece_is_whole_or_refused(
            lost in 0..4_usize,
            repeated in 0..4_usize,
        ) {
            let value: Vec<u8> = (0..50).collect();
            let mut records = cut("a", value.clone(), 10);
            let twice = again(&records[repeated]);
            records.insert(repeated, twice);
            let mut pieces = Pieces::new(Some(1000));
            let all = records.iter().map(again).collect();
            prop_assert!(matches!(last(&mut pieces, all), Taken::Whole(record, _) if record.value == value));
            records.retain(|record| record.offset != lost as i64);
            match last(&mut pieces, records) {
                Taken::Refused(_, status, _) => prop_assert_eq!(status.code(), Code::DataLoss),
                other => prop_assert!(false, "{other:?}"),
            }
            prop_assert_eq!(pieces.bytes, 0);
        }

        #[test]
        fn a_damaged_message_is_refused(at in 0..50_usize) {
            let mut records = cut("a", (0..50).collect(), 10);
            let record = &mut records[at / 10];
            let mut value = record.value.to_vec();
            value[at % 10] ^= 1;
            record.value = value.into();
            match last(&mut Pieces::new(Some(1000)), records) {
                Taken::Refused(_, status, offsets) => {
                    prop_assert_eq!(status.code(), Code::DataLoss);
                    prop_assert_eq!(offsets.len(), 4);
                }
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }

    #[test]
    fn messages_of_different_calls_and_places_keep_apart() {
        let mut pieces = Pieces::new(Some(1000));
        let now = Instant::now();
        let (one, two) = (cut("a", vec![1; 30], 10), cut("b", vec![2; 30], 10));
        let mut whole = Vec::new();
        for (one, two) in one.into_iter().zip(two) {
            for (place, record) in [(0, again(&one)), (1, one), (0, two)] {
                if let Taken::Whole(record, _) = pieces.take(place, record, now) {
                    whole.push(record.value[0]);
                }
            }
        }
        assert_eq!(whole, [1, 1, 2]);
    }

    #[test]
    fn a_message_over_the_limit_is_refused_and_holds_nothing() {
        let mut pieces = Pieces::new(Some(25));
        let taken = last(&mut pieces, cut("a", vec![0; 50], 10));
        let Taken::Refused(_, status, offsets) = taken else {
            panic!("{taken:?}");
        };
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert_eq!((offsets.len(), pieces.bytes), (4, 0));
    }

    #[test]
    fn what_waits_is_bounded_by_its_bytes() {
        let mut pieces = Pieces::new(Some(100));
        let now = Instant::now();
        for call in 0..100 {
            for record in cut(&call.to_string(), vec![0; 100], 10).into_iter().take(9) {
                pieces.take(0, record, now);
            }
            assert!(pieces.bytes <= 4 * 100);
        }
    }

    #[test]
    fn a_message_whose_pieces_stop_coming_is_given_up() {
        let mut pieces = Pieces::new(Some(1000));
        let now = Instant::now();
        for record in cut("a", vec![0; 50], 10).into_iter().take(3) {
            pieces.take(7, record, now);
        }
        assert!(pieces.expire(now + PATIENCE / 2).is_empty());
        assert_eq!(pieces.expire(now + PATIENCE), [(7, vec![0, 1, 2])]);
        assert_eq!((pieces.bytes, pieces.waiting.len()), (0, 0));
    }

    #[test]
    fn who_puts_nothing_together_passes_records_on() {
        let mut pieces = Pieces::new(None);
        let records = cut("a", vec![0; 30], 10);
        for record in records {
            assert!(
                matches!(pieces.take(0, record, Instant::now()), Taken::Whole(_, offsets) if offsets.is_empty())
            );
        }
    }
}

//! The sending side: a producer that cuts.

use std::sync::Arc;

use crate::transport::{Outgoing, Producer, Undelivered};
use crate::wire::{Whole, mark_piece, mark_whole};

/// Cuts the values of records that are larger than `piece` bytes. Where one of the pieces is
/// refused the record is given back whole, to be sent again from the beginning.
struct Cutting {
    inner: Arc<dyn Producer>,
    piece: usize,
}

/// A producer that cuts where that is wanted.
pub(crate) fn cutting(inner: Arc<dyn Producer>, piece: Option<usize>) -> Arc<dyn Producer> {
    match piece {
        Some(piece) => Arc::new(Cutting { inner, piece }),
        None => inner,
    }
}

impl Producer for Cutting {
    fn send(&self, record: Outgoing, token: Option<u128>) -> Result<(), Box<Undelivered>> {
        if record.value.len() <= self.piece {
            return self.inner.send(record, token);
        }
        let whole = record.clone();
        let given_back = |mut undelivered: Box<Undelivered>| {
            undelivered.record = whole.clone();
            undelivered
        };
        let Outgoing {
            topic,
            partition,
            key,
            value,
            mut headers,
        } = record;
        let pieces = value.len().div_ceil(self.piece);
        for index in 0..pieces - 1 {
            let piece = Outgoing {
                topic: Arc::clone(&topic),
                partition,
                key: key.clone(),
                value: value.slice(index * self.piece..(index + 1) * self.piece),
                headers: mark_piece(&headers, index as u64 + 1),
            };
            self.inner.send(piece, None).map_err(given_back)?;
        }
        mark_whole(
            &mut headers,
            Whole {
                pieces: pieces as u64 - 1,
                bytes: value.len() as u64,
                checksum: crc32fast::hash(&value),
            },
        );
        let last = Outgoing {
            topic,
            partition,
            key,
            value: value.slice((pieces - 1) * self.piece..),
            headers,
        };
        self.inner.send(last, token).map_err(given_back)
    }
}

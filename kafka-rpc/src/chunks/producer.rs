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
        let mut pieces = cut(record, self.piece).into_iter().peekable();
        while let Some(piece) = pieces.next() {
            // The last one stands for all.
            let token = token.filter(|_| pieces.peek().is_none());
            if let Err(mut refused) = self.inner.send(piece, token) {
                refused.record = whole;
                return Err(refused);
            }
        }
        Ok(())
    }
}

/// The records of a message, each with a value of at most so many bytes.
pub(crate) fn cut(record: Outgoing, piece: usize) -> Vec<Outgoing> {
    if record.value.len() <= piece {
        return vec![record];
    }
    let Outgoing {
        topic,
        partition,
        patient,
        key,
        value,
        mut headers,
    } = record;
    let count = value.len().div_ceil(piece);
    let mut pieces: Vec<Outgoing> = (0..count - 1)
        .map(|index| Outgoing {
            topic: Arc::clone(&topic),
            partition,
            patient,
            key: key.clone(),
            value: value.slice(index * piece..(index + 1) * piece),
            headers: mark_piece(&headers, index as u64 + 1),
        })
        .collect();
    mark_whole(
        &mut headers,
        Whole {
            pieces: count as u64 - 1,
            bytes: value.len() as u64,
            checksum: crc32fast::hash(&value),
        },
    );
    pieces.push(Outgoing {
        topic,
        partition,
        patient,
        key,
        value: value.slice((count - 1) * piece..),
        headers,
    });
    pieces
}

//! What records are copied into when they are read, so that a record in a batch hardly allocates.

use std::ffi::CStr;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::transport::Record;
use crate::wire::Headers;

/// What the records of a reader share, or take over from those that were read before.
#[derive(Default)]
pub(super) struct Copies {
    topics: Topics,
    block: Block,
    /// Empty, with room.
    headers: Vec<Headers>,
}

impl Copies {
    /// The most headers that are kept.
    const HEADERS: usize = 512;
    /// The most room that one of them may have.
    const ROOM: usize = 512;

    /// The name of a record's topic.
    pub(super) fn topic(&mut self, name: &CStr) -> Arc<str> {
        self.topics.get(name)
    }

    /// A record's key or value.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Bytes {
        self.block.copy(bytes)
    }

    /// No headers, with room for what most records have.
    pub(super) fn headers(&mut self) -> Headers {
        self.headers.pop().unwrap_or_else(Headers::with_room)
    }

    /// Empties a batch that its reader is done with.
    pub(super) fn done(&mut self, batch: &mut Vec<Record>) {
        for record in batch.drain(..) {
            let mut headers = record.headers;
            if self.headers.len() < Self::HEADERS && (1..=Self::ROOM).contains(&headers.room()) {
                headers.clear();
                self.headers.push(headers);
            }
        }
    }
}

/// Shares one allocation of a topic's name between the records of a run.
#[derive(Default)]
struct Topics(Vec<Arc<str>>);

impl Topics {
    /// The most names kept; a reader of more topics only shares less.
    const LIMIT: usize = 1024;

    fn get(&mut self, name: &CStr) -> Arc<str> {
        let same = |known: &Arc<str>| known.as_bytes() == name.to_bytes();
        if let Some(at) = self.0.iter().rposition(same) {
            // Runs of records of one topic are usual: keep the last one found at the end.
            let last = self.0.len() - 1;
            self.0.swap(at, last);
            return Arc::clone(&self.0[last]);
        }
        let name: Arc<str> = name.to_string_lossy().into();
        if self.0.len() < Self::LIMIT {
            self.0.push(Arc::clone(&name));
        }
        name
    }
}

/// Room that small keys and values share: one allocation for dozens of them, and none to share one
/// further. It is there as long as any of them is, so it is small itself.
#[derive(Default)]
struct Block(BytesMut);

impl Block {
    const SIZE: usize = 4096;
    /// What is larger has memory of its own.
    const LARGEST: usize = Self::SIZE / 8;

    fn copy(&mut self, bytes: &[u8]) -> Bytes {
        if bytes.len() > Self::LARGEST {
            return Bytes::copy_from_slice(bytes);
        }
        if self.0.capacity() < bytes.len() {
            self.0 = BytesMut::with_capacity(Self::SIZE);
        }
        self.0.extend_from_slice(bytes);
        self.0.split().freeze()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_copied_stays_as_it_was(sizes in prop::collection::vec(0..2 * Block::LARGEST, 0..99)) {
            let mut block = Block::default();
            let values: Vec<_> = (0u8..).zip(sizes).map(|(byte, size)| vec![byte; size]).collect();
            let copies: Vec<_> = values.iter().map(|value| block.copy(value)).collect();
            prop_assert_eq!(copies, values);
        }
    }

    #[test]
    fn small_values_share_a_block_and_large_ones_do_not() {
        let mut block = Block::default();
        let mut copy = |size| block.copy(&vec![0; size]).as_ptr().addr();
        let (first, second) = (copy(100), copy(100));
        assert_eq!(second - first, 100);
        copy(Block::LARGEST + 1);
        assert_eq!(copy(100) - second, 100);
        assert_eq!(block.0.capacity(), Block::SIZE - 300);
    }

    #[test]
    fn headers_are_used_again_and_come_back_empty() {
        let mut copies = Copies::default();
        let mut headers = copies.headers();
        headers.push("rpc-method", b"demo.Echo/Say");
        let room = headers.room();
        let mut batch = vec![Record {
            headers,
            ..Record::default()
        }];
        copies.done(&mut batch);
        assert!(batch.is_empty());
        let headers = copies.headers();
        assert_eq!((headers.len(), headers.byte_len()), (0, 0));
        assert_eq!(headers.room(), room);
        assert_eq!(headers.iter().count(), 0);
    }

    #[test]
    fn unusually_large_headers_and_those_that_were_taken_are_not_kept() {
        let mut headers = Headers::new();
        headers.push("x", &[0; Copies::ROOM]);
        let large = Record {
            headers,
            ..Record::default()
        };
        let mut copies = Copies::default();
        copies.done(&mut vec![large, Record::default()]);
        assert!(copies.headers.is_empty());
    }

    #[test]
    fn records_of_a_run_share_their_topics_name() {
        let mut copies = Copies::default();
        let mut get = |name| copies.topic(name);
        let first = get(c"a");
        get(c"b");
        assert!(Arc::ptr_eq(&first, &get(c"a")));
    }
}

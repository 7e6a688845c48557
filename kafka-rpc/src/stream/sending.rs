//! The sender's account of a stream: what it has sent, and how much more it may.

use crate::wire::Credit;

/// Numbers the messages of one direction, and tells whether the next may be sent.
///
/// A message may be sent while credit for one message and for one byte is left, so that the last
/// one may be larger than what is left: a message that is larger than the receiver's window can be
/// sent at all.
#[derive(Debug)]
pub(crate) struct Sending {
    last: u64,
    sent: Credit,
    credit: Credit,
}

impl Sending {
    /// The first message has the number after `last`.
    pub(crate) fn new(credit: Credit, last: u64) -> Self {
        Self {
            last,
            sent: Credit::default(),
            credit,
        }
    }

    /// Whether the next message may be sent.
    pub(crate) fn may_send(&self) -> bool {
        self.sent.messages < self.credit.messages && self.sent.bytes < self.credit.bytes
    }

    /// Counts a message, and gives it its number.
    pub(crate) fn send(&mut self, bytes: usize) -> u64 {
        self.last += 1;
        self.sent.messages += 1;
        self.sent.bytes += bytes as u64;
        self.last
    }

    /// The receiver said what may be sent in all.
    pub(crate) fn credit(&mut self, credit: Credit) {
        self.credit.messages = self.credit.messages.max(credit.messages);
        self.credit.bytes = self.credit.bytes.max(credit.bytes);
    }

    /// The number of the frame that ends the direction.
    pub(crate) fn end(&self) -> u64 {
        self.last + 1
    }
}

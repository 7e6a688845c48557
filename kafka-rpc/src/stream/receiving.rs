//! The receiver's account of a stream: what has come, and how much more may.

use crate::wire::Credit;

/// Counts the messages of one direction as they arrive and are taken, and tells when the sender is
/// to be given more credit.
///
/// Credit is given when half of the last is used up, and seldom for fewer than [`FEW`] messages, so
/// that its records are few beside the messages'. When all that the sender was allowed to send has
/// been taken, credit is due whatever the counts: the sender never waits for ever.
#[derive(Debug)]
pub(crate) struct Receiving {
    window: Credit,
    /// The number of the last message.
    last: u64,
    arrived: Credit,
    taken: Credit,
    /// What the sender may send in all.
    granted: Credit,
    /// What had been taken when that was settled.
    taken_then: Credit,
}

/// Credit for fewer messages than this is given only to a sender that has none left.
const FEW: u64 = 8;

/// What a frame with a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// The next one.
    Next,
    /// It has come before.
    Repeat,
    /// One before it is missing.
    Gap,
    /// The sender had no credit for it.
    Unpaid,
}

impl Receiving {
    /// The first message will be the one after number `last`; the sender knows of `granted`.
    pub(crate) fn new(window: Credit, granted: Credit, last: u64) -> Self {
        Self {
            window,
            last,
            arrived: Credit::default(),
            taken: Credit::default(),
            granted,
            taken_then: Credit::default(),
        }
    }

    /// A message with its number. It counts only where it is [`Arrival::Next`].
    pub(crate) fn message(&mut self, number: u64, bytes: usize) -> Arrival {
        match self.end(number) {
            Arrival::Next
                if self.arrived.messages >= self.granted.messages
                    || self.arrived.bytes >= self.granted.bytes =>
            {
                Arrival::Unpaid
            }
            Arrival::Next => {
                self.last = number;
                self.arrived.messages += 1;
                self.arrived.bytes += bytes as u64;
                Arrival::Next
            }
            other => other,
        }
    }

    /// The frame that ends the direction, with the number behind the last message's.
    pub(crate) fn end(&self, number: u64) -> Arrival {
        if number <= self.last {
            Arrival::Repeat
        } else if number > self.last + 1 {
            Arrival::Gap
        } else {
            Arrival::Next
        }
    }

    /// Messages were taken by their reader: the credit that is to be told to the sender now, if any.
    pub(crate) fn taken(&mut self, messages: u64, bytes: u64) -> Option<Credit> {
        self.taken.messages += messages;
        self.taken.bytes += bytes;
        let granted = Credit {
            messages: (self.taken.messages + self.window.messages).max(self.granted.messages),
            bytes: (self.taken.bytes + self.window.bytes).max(self.granted.bytes),
        };
        // A window that is smaller than what everybody may send at first gives nothing for a while.
        if !self.is_due() || granted == self.granted {
            return None;
        }
        self.taken_then = self.taken;
        self.granted = granted;
        Some(granted)
    }

    fn is_due(&self) -> bool {
        let messages = self.taken.messages - self.taken_then.messages;
        let bytes = self.taken.bytes - self.taken_then.bytes;
        let half = |granted: u64, then: u64| granted.saturating_sub(then).div_ceil(2);
        let used_up =
            self.taken.messages >= self.granted.messages || self.taken.bytes >= self.granted.bytes;
        let half_used = messages >= half(self.granted.messages, self.taken_then.messages)
            || bytes >= half(self.granted.bytes, self.taken_then.bytes);
        used_up || (half_used && messages >= FEW)
    }

    /// What the sender may send in all, as it was last told.
    pub(crate) fn granted(&self) -> Credit {
        self.granted
    }

    /// The number of the last message.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }
}

//! What holds of a stream's receiving end, whatever comes: checked by a property test and by a fuzz
//! target.
//!
//! The function takes raw input and panics where a property fails.

use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use super::inbound::{End, Inbound, Taken};
use super::receiving::Receiving;
use crate::call::{Code, Metadata};
use crate::wire::{Credit, INITIAL_CREDIT};

/// What a sender has said, and what came of it.
struct Account {
    inbound: Inbound,
    /// The number of the last message that was good.
    last: u64,
    /// The number of the last one that the reader has.
    read: u64,
    messages: u64,
    bytes: u64,
    ended: bool,
}

/// The messages of a stream are read in order, once and without gaps, up to the first that is wrong;
/// no more is taken in than credit was given for, but for the last message's bytes; and credit only
/// grows. Each step is what is done, and with which number.
pub fn stream_frames(window: (u32, u32), steps: &[(u8, u64)]) {
    let window = super::window(window.0, window.1);
    let mut account = Account {
        inbound: Inbound::new(Receiving::new(window, INITIAL_CREDIT, 0)),
        last: 0,
        read: 0,
        messages: 0,
        bytes: 0,
        ended: false,
    };
    for (step, number) in steps {
        let going_on = match step % 5 {
            0 => account.message(account.last + 1, *number),
            1 => account.message(*number, 1),
            2 => account.check_end(*number),
            3 => account.take(),
            _ => account.end(),
        };
        if !going_on {
            break;
        }
    }
    account.end();
    while account.read < account.last {
        assert!(account.take(), "a message that was good is not there");
    }
    assert!(!account.take(), "something is behind the end");
}

impl Account {
    /// A message with this number, of about so many bytes. False where the stream can't go on.
    fn message(&mut self, number: u64, bytes: u64) -> bool {
        let mut value = number.to_be_bytes().to_vec();
        value.resize(8 + (bytes % 30_000) as usize, 0);
        let size = value.len() as u64;
        let granted = self.inbound.granted();
        let has_credit = self.messages < granted.messages && self.bytes < granted.bytes;
        let outcome = self.inbound.messages([(number, Bytes::from(value))]);
        let code = outcome.map_err(|status| status.code());
        if self.ended || number <= self.last {
            assert_eq!(code, Ok(()), "it changes nothing");
        } else if number > self.last + 1 {
            assert_eq!(code, Err(Code::DataLoss));
        } else if has_credit {
            assert_eq!(code, Ok(()));
            self.last = number;
            self.messages += 1;
            self.bytes += size;
        } else {
            assert_eq!(code, Err(Code::ResourceExhausted));
        }
        assert_eq!(self.inbound.last(), self.last);
        code.is_ok()
    }

    fn check_end(&self, number: u64) -> bool {
        let outcome = self.inbound.check_end(number);
        assert_eq!(outcome.is_ok(), number <= self.last + 1);
        outcome.is_ok()
    }

    fn end(&mut self) -> bool {
        self.inbound.end(End::Complete(Metadata::new()));
        self.ended = true;
        true
    }

    /// False behind the end.
    fn take(&mut self) -> bool {
        let before = self.inbound.granted();
        let mut taken = Taken::default();
        let polled = self
            .inbound
            .poll_take(&mut Context::from_waker(Waker::noop()), &mut taken);
        let is_there = self.read < self.last || self.ended;
        assert_eq!(
            polled,
            if is_there {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        );
        assert_eq!(taken.end.is_some(), is_there && taken.messages.is_empty());
        for message in &taken.messages {
            self.read += 1;
            assert_eq!(message[..8], self.read.to_be_bytes());
        }
        if !taken.messages.is_empty() {
            assert_eq!(self.read, self.last, "all that is there is taken");
            self.is_never_stuck(before, taken.credit);
        }
        taken.end.is_none()
    }

    /// A sender whose messages have all been read may send, and is told so.
    fn is_never_stuck(&self, before: Credit, told: Option<Credit>) {
        let now = self.inbound.granted();
        assert!(now.messages >= before.messages && now.bytes >= before.bytes);
        assert!(self.messages < now.messages && self.bytes < now.bytes);
        let wanted = (now != before && !self.ended).then_some(now);
        assert_eq!(told, wanted, "what is given is told");
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// Most messages go on, else streams would be short; `reads` is how often they are taken.
    fn steps(reads: u32) -> impl Strategy<Value = Vec<(u8, u64)>> {
        let step = prop_oneof![
            100 => (Just(0_u8), 0..20_u64),
            10 => (Just(0_u8), 0..30_000_u64),
            reads => (Just(3_u8), Just(0_u64)),
            5 => (Just(1_u8), 0..60_u64),
            1 => (0..5_u8, any::<u64>()),
        ];
        vec(step, 0..400)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn whatever_comes_is_read_in_order_within_credit_or_ends_the_stream(
            window in (1..200_u32, 1..2_000_000_u32),
            steps in prop_oneof![steps(1), steps(20)],
        ) {
            super::stream_frames(window, &steps);
        }
    }
}

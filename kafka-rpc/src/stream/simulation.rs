//! The accounts of both sides against each other, over a log that repeats and delays.

use std::collections::VecDeque;
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use super::liveness::{KEEP_ALIVE, Liveness, Pulse};
use super::receiving::{Arrival, Receiving};
use super::sending::Sending;
use crate::wire::{Credit, INITIAL_CREDIT as INITIAL};

#[derive(Clone, Copy, Debug)]
enum Step {
    /// The sender sends what it may, up to so many.
    Send(usize),
    /// Records reach the receiver, up to so many.
    Arrive(usize),
    /// The reader takes messages, up to so many.
    Take(usize),
    /// Credit reaches the sender.
    Credit,
    /// The last record that arrived comes again.
    Repeat,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (1..200_usize).prop_map(Step::Send),
        (1..200_usize).prop_map(Step::Arrive),
        (1..200_usize).prop_map(Step::Take),
        Just(Step::Credit),
        Just(Step::Repeat),
    ];
    prop::collection::vec(step, 1..200)
}

struct Stream {
    sending: Sending,
    receiving: Receiving,
    size: usize,
    on_the_way: VecDeque<u64>,
    last: Option<u64>,
    queued: u64,
    credits: VecDeque<Credit>,
    taken: u64,
    credit_records: u64,
}

impl Stream {
    fn new(window: Credit, size: usize) -> Self {
        Self {
            sending: Sending::new(INITIAL, 0),
            receiving: Receiving::new(window, INITIAL, 0),
            size,
            on_the_way: VecDeque::new(),
            last: None,
            queued: 0,
            credits: VecDeque::new(),
            taken: 0,
            credit_records: 0,
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Send(most) => {
                for _ in 0..most {
                    if !self.sending.may_send() {
                        break;
                    }
                    self.on_the_way.push_back(self.sending.send(self.size));
                }
            }
            Step::Arrive(most) => {
                for _ in 0..most {
                    let Some(number) = self.on_the_way.pop_front() else {
                        break;
                    };
                    assert_eq!(self.receiving.message(number, self.size), Arrival::Next);
                    self.queued += 1;
                    self.last = Some(number);
                }
            }
            Step::Take(most) => {
                let taken = self.queued.min(most as u64);
                if taken == 0 {
                    return;
                }
                self.queued -= taken;
                self.taken += taken;
                let credit = self.receiving.taken(taken, taken * self.size as u64);
                if credit.is_some() {
                    self.credit_records += 1;
                }
                self.credits.extend(credit);
            }
            Step::Credit => {
                if let Some(credit) = self.credits.pop_front() {
                    self.sending.credit(credit);
                }
            }
            Step::Repeat => {
                if let Some(last) = self.last {
                    assert_eq!(self.receiving.message(last, self.size), Arrival::Repeat);
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn nothing_is_refused_lost_or_stuck_and_what_waits_is_bounded(
        steps in steps(),
        messages in 64..5_000_u64,
        bytes in 64 * 1024..2_000_000_u64,
        size in 0..4_096_usize,
    ) {
        let window = Credit { messages, bytes };
        let mut stream = Stream::new(window, size);
        for step in steps {
            stream.step(step);
            prop_assert!(stream.queued <= messages);
            prop_assert!(stream.queued * (size as u64) < bytes + size as u64);
        }
        // Whatever came before, the stream goes on.
        let before = stream.taken;
        for _ in 0..4 {
            for step in [Step::Send(9), Step::Arrive(usize::MAX), Step::Take(usize::MAX), Step::Credit] {
                stream.step(step);
            }
        }
        prop_assert!(stream.taken >= before + 9);
    }

    #[test]
    fn credit_is_at_most_one_record_for_eight_messages(
        size in 0..128 * 1024_usize,
        takes in prop::collection::vec(1..50_usize, 1..400),
    ) {
        let window = Credit { messages: 8192, bytes: 8 * 1024 * 1024 };
        let mut stream = Stream::new(window, size);
        // The first window is the small one that everybody has.
        while stream.credit_records < 1 {
            for step in [Step::Send(1), Step::Arrive(1), Step::Take(1), Step::Credit] {
                stream.step(step);
            }
        }
        let (records, taken) = (stream.credit_records, stream.taken);
        for take in takes {
            for step in [Step::Send(take), Step::Arrive(take), Step::Take(take), Step::Credit] {
                stream.step(step);
            }
        }
        prop_assert!((stream.credit_records - records) * 8 <= stream.taken - taken);
    }

    #[test]
    fn a_message_that_is_missing_is_noticed_also_at_the_end(lost in 1..50_u64) {
        let mut receiving = Receiving::new(INITIAL, INITIAL, 0);
        for number in 1..lost {
            prop_assert_eq!(receiving.message(number, 1), Arrival::Next);
        }
        prop_assert_eq!(receiving.message(lost + 1, 1), Arrival::Gap);
        prop_assert_eq!(receiving.end(lost + 1), Arrival::Gap);
        prop_assert_eq!(receiving.end(lost), Arrival::Next);
    }

    #[test]
    fn who_sends_without_credit_is_refused_at_the_first_message(size in 1..100_usize) {
        let mut receiving = Receiving::new(INITIAL, INITIAL, 0);
        for number in 1..=INITIAL.messages {
            prop_assert_eq!(receiving.message(number, size), Arrival::Next);
        }
        prop_assert_eq!(receiving.message(INITIAL.messages + 1, size), Arrival::Unpaid);
    }

    #[test]
    fn who_is_heard_is_there_and_who_is_silent_for_the_limit_is_gone(
        pauses in prop::collection::vec(1..9_999_u64, 1..50),
    ) {
        let limit = Duration::from_secs(10);
        let mut now = Instant::now();
        let mut liveness = Liveness::new(now);
        for pause in pauses {
            now += Duration::from_millis(pause);
            prop_assert_ne!(liveness.pulse(now, limit), Pulse::Gone);
            liveness.heard(now);
        }
        prop_assert_eq!(liveness.pulse(now + limit, limit), Pulse::Gone);
    }
}

#[test]
fn a_side_that_has_nothing_to_say_says_so_in_time() {
    let start = Instant::now();
    let limit = Duration::from_secs(10);
    let mut liveness = Liveness::new(start);
    assert_eq!(liveness.pulse(start + KEEP_ALIVE / 2, limit), Pulse::Fine);
    assert_eq!(liveness.pulse(start + KEEP_ALIVE, limit), Pulse::Say);
    assert_eq!(
        liveness.pulse(start + KEEP_ALIVE * 3 / 2, limit),
        Pulse::Fine
    );
    assert_eq!(liveness.pulse(start + KEEP_ALIVE * 2, limit), Pulse::Say);
}

#[test]
fn a_resumed_stream_goes_on_behind_the_last_number() {
    let mut sending = Sending::new(INITIAL, 41);
    let mut receiving = Receiving::new(INITIAL, INITIAL, 41);
    assert_eq!(sending.send(1), 42);
    assert_eq!(receiving.message(42, 1), Arrival::Next);
    assert_eq!(receiving.message(41, 1), Arrival::Repeat);
    assert_eq!(sending.end(), 43);
}

//! The receiving end of a stream: between the task that reads records and the task that reads
//! messages.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use parking_lot::Mutex;

use super::receiving::{Arrival, Receiving};
use crate::call::{Metadata, Status};
use crate::wire::Credit;

/// Messages that have come and are not taken yet. Bounded by the credit that was given: what comes
/// without is refused.
#[derive(Debug)]
pub(crate) struct Inbound(Mutex<State>);

#[derive(Debug)]
struct State {
    receiving: Receiving,
    queue: VecDeque<Bytes>,
    queued_bytes: u64,
    end: Option<End>,
    reader: Option<Waker>,
}

/// How the messages of the other side end.
#[derive(Debug)]
pub(crate) enum End {
    /// It has sent all of them, and this behind them.
    Complete(Metadata),
    /// It, or something on the way, failed.
    Failed(Status),
    /// It is gone: another may go on in its place, else this is the status.
    Lost(Status),
}

/// What the reader gets at a time.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// Messages, in their order; the room is used again.
    pub(crate) messages: VecDeque<Bytes>,
    /// What the sender is to be told.
    pub(crate) credit: Option<Credit>,
    /// What came behind them: nothing follows it.
    pub(crate) end: Option<End>,
}

impl Inbound {
    pub(crate) fn new(receiving: Receiving) -> Self {
        Self(Mutex::new(State {
            receiving,
            queue: VecDeque::new(),
            queued_bytes: 0,
            end: None,
            reader: None,
        }))
    }

    /// Takes the numbered messages of a batch in.
    ///
    /// # Errors
    /// When one is missing, or came without credit: then the stream can't go on.
    pub(crate) fn messages(
        &self,
        batch: impl IntoIterator<Item = (u64, Bytes)>,
    ) -> Result<(), Status> {
        let mut state = self.0.lock();
        let before = state.queue.len();
        let mut outcome = Ok(());
        for (number, message) in batch {
            if state.end.is_some() {
                break;
            }
            match state.receiving.message(number, message.len()) {
                Arrival::Next => {
                    state.queued_bytes += message.len() as u64;
                    state.queue.push_back(message);
                }
                Arrival::Repeat => {}
                Arrival::Gap => {
                    outcome = Err(gap(state.receiving.last(), number));
                    break;
                }
                Arrival::Unpaid => {
                    outcome = Err(Status::resource_exhausted(format!(
                        "message {number} of the stream came without credit, which was for {} in all",
                        state.receiving.granted()
                    )));
                    break;
                }
            }
        }
        let reader = (state.queue.len() > before)
            .then(|| state.reader.take())
            .flatten();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
        outcome
    }

    /// Whether all messages have come before the frame of this number, with which the other side
    /// ends.
    ///
    /// # Errors
    /// When one is missing.
    pub(crate) fn check_end(&self, number: u64) -> Result<(), Status> {
        let state = self.0.lock();
        match state.receiving.end(number) {
            Arrival::Gap => Err(gap(state.receiving.last(), number)),
            _ => Ok(()),
        }
    }

    /// Ends the stream behind the messages that have come. Only the first end counts.
    pub(crate) fn end(&self, end: End) {
        let mut state = self.0.lock();
        if state.end.is_some() {
            return;
        }
        state.end = Some(end);
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// What the other side was last told that it may send.
    pub(crate) fn granted(&self) -> Credit {
        self.0.lock().receiving.granted()
    }

    /// The number of the last message that has come.
    pub(crate) fn last(&self) -> u64 {
        self.0.lock().receiving.last()
    }

    /// Takes all messages that have come, or the end where none has. `taken` has to be empty.
    pub(crate) fn poll_take(&self, cx: &mut Context<'_>, taken: &mut Taken) -> Poll<()> {
        let mut state = self.0.lock();
        let state = &mut *state;
        if state.queue.is_empty() {
            match state.end.take() {
                Some(end) => {
                    // Whoever asks again is told that nothing follows.
                    state.end = Some(End::Complete(Metadata::new()));
                    taken.end = Some(end);
                }
                None => {
                    state.reader = Some(cx.waker().clone());
                    return Poll::Pending;
                }
            }
        } else {
            std::mem::swap(&mut state.queue, &mut taken.messages);
            let bytes = std::mem::take(&mut state.queued_bytes);
            let credit = state.receiving.taken(taken.messages.len() as u64, bytes);
            // A sender that has ended needs none.
            taken.credit = credit.filter(|_| state.end.is_none());
        }
        Poll::Ready(())
    }
}

fn gap(last: u64, number: u64) -> Status {
    Status::data_loss(format!(
        "the stream has a gap: number {number} came after number {last}"
    ))
}

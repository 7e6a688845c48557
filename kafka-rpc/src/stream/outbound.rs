//! The sending end of a stream: numbers, credit, and the loop that sends.

use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;

use super::sending::Sending;
use crate::call::{Messages, Metadata, Status};
use crate::wire::Credit;

/// Where the credit that the other side gives arrives.
#[derive(Debug)]
pub(crate) struct Granted(Mutex<(Credit, Option<Waker>)>);

/// What becomes of a message that is to be sent.
pub(crate) enum Sent {
    /// It is on its way.
    Queued,
    /// There is no room at present: it is to be sent again a little later.
    Full(Bytes),
    /// It can't be sent.
    Failed(Status),
}

/// How a sender's stream ended.
#[derive(Debug)]
pub(crate) struct Finish {
    /// The number behind the last message's.
    pub(crate) number: u64,
    pub(crate) outcome: Result<Metadata, Status>,
}

/// How long a sender waits for room in the producer's queue.
const ROOM: Duration = Duration::from_millis(2);
/// After so many messages others get their turn, whatever is ready.
const TURN: u32 = 128;

impl Granted {
    pub(crate) fn new(credit: Credit) -> Self {
        Self(Mutex::new((credit, None)))
    }

    /// The other side said what may be sent in all.
    pub(crate) fn grant(&self, credit: Credit) {
        let mut granted = self.0.lock();
        let (known, sender) = &mut *granted;
        known.messages = known.messages.max(credit.messages);
        known.bytes = known.bytes.max(credit.bytes);
        let sender = sender.take();
        drop(granted);
        if let Some(sender) = sender {
            sender.wake();
        }
    }

    fn poll_credit(&self, sending: &mut Sending, cx: &mut Context<'_>) -> Poll<()> {
        if sending.may_send() {
            return Poll::Ready(());
        }
        let mut granted = self.0.lock();
        sending.credit(granted.0);
        if sending.may_send() {
            return Poll::Ready(());
        }
        granted.1 = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// Sends a stream's messages, each when there is credit for it, until the stream ends or one can't
/// be sent. A message is asked for only when it may be sent.
pub(crate) async fn send_all(
    mut messages: Pin<Box<dyn Messages + '_>>,
    granted: &Granted,
    mut sending: Sending,
    mut send: impl FnMut(u64, Bytes) -> Sent,
) -> Finish {
    let mut turn = 0;
    loop {
        let next = std::future::poll_fn(|cx| {
            ready!(granted.poll_credit(&mut sending, cx));
            messages.as_mut().poll_next(cx)
        });
        let message = match next.await {
            Some(Ok(message)) => message,
            Some(Err(status)) => return end(&sending, Err(status)),
            None => return end(&sending, Ok(messages.as_mut().trailers())),
        };
        let number = sending.send(message.len());
        if let Err(status) = queue(message, |message| send(number, message)).await {
            return end(&sending, Err(status));
        }
        turn += 1;
        if turn == TURN {
            turn = 0;
            tokio::task::yield_now().await;
        }
    }
}

/// Sends one record of a stream, as soon as there is room for it.
///
/// # Errors
/// Why it can't be sent.
pub(crate) async fn queue(
    mut value: Bytes,
    mut send: impl FnMut(Bytes) -> Sent,
) -> Result<(), Status> {
    loop {
        value = match send(value) {
            Sent::Queued => return Ok(()),
            Sent::Full(again) => again,
            Sent::Failed(status) => return Err(status),
        };
        tokio::time::sleep(ROOM).await;
    }
}

fn end(sending: &Sending, outcome: Result<Metadata, Status>) -> Finish {
    Finish {
        number: sending.end(),
        outcome,
    }
}

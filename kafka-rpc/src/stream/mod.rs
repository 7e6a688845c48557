//! What both sides of a stream have in common. The accounts ([`Receiving`], [`Sending`],
//! [`Liveness`]) are pure: they are told what happens and when, and say what is to be done.

mod inbound;
mod liveness;
mod outbound;
#[cfg(any(test, fuzzing))]
pub(crate) mod properties;
mod receiving;
mod sending;
#[cfg(test)]
mod simulation;

use std::time::Duration;

use crate::wire::Credit;

/// What a channel's or a server's streams are set to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamSettings {
    /// The most that are open at a time: of a channel, or in one partition of a server.
    pub(crate) limit: usize,
    /// How far the other side may get ahead of its reader.
    pub(crate) window: Credit,
    /// How long the other side may be silent.
    pub(crate) timeout: Duration,
}

impl Default for StreamSettings {
    fn default() -> Self {
        Self {
            limit: 1000,
            window: DEFAULT_WINDOW,
            timeout: DEFAULT_TIMEOUT,
        }
    }
}

/// How far a receiver lets its sender get ahead, unless set: eight of the largest messages that are
/// allowed unless set, or many small ones.
const DEFAULT_WINDOW: Credit = Credit {
    messages: 8192,
    bytes: 8 * 1024 * 1024,
};

/// How long the other side of a stream may be silent, unless set.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// A side that is silent for less may have had nothing to say.
pub(crate) const LEAST_TIMEOUT: Duration = Duration::from_secs(5);

/// At least one message of one byte, else nothing would ever be sent.
pub(crate) fn window(messages: u32, bytes: u32) -> Credit {
    Credit {
        messages: messages.max(1).into(),
        bytes: bytes.max(1).into(),
    }
}

pub(crate) use inbound::{End, Inbound, Taken};
pub(crate) use liveness::{Liveness, Pulse};
pub(crate) use outbound::{Finish, Granted, Sent, queue, send_all};
pub(crate) use receiving::Receiving;
pub(crate) use sending::Sending;

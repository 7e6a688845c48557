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

/// How far a receiver lets its sender get ahead, unless set: eight of the largest messages that are
/// allowed unless set, or many small ones.
pub(crate) const DEFAULT_WINDOW: Credit = Credit {
    messages: 8192,
    bytes: 8 * 1024 * 1024,
};

/// How long the other side of a stream may be silent, unless set.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

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
pub(crate) use outbound::{Finish, Granted, ROOM, Sent, send_all};
pub(crate) use receiving::Receiving;
pub(crate) use sending::Sending;

//! What both sides of a stream have in common. The accounts ([`Receiving`], [`Sending`],
//! [`Liveness`]) are pure: they are told what happens and when, and say what is to be done.

mod inbound;
mod liveness;
mod outbound;
mod receiving;
mod sending;
#[cfg(test)]
mod simulation;

pub(crate) use inbound::{Inbound, Taken};
pub(crate) use liveness::{KEEP_ALIVE, Liveness, Pulse};
pub(crate) use outbound::{Granted, Sent, send_all};
pub(crate) use receiving::Receiving;
pub(crate) use sending::Sending;

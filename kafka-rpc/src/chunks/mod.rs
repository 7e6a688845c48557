//! Messages that are larger than a record may be: cut into records by their sender, and put
//! together by their receiver, with a checksum over the whole.
//!
//! All pieces but the last are records of their own before the record that would otherwise have the
//! whole message, in the same partition. That one has all the headers, the last piece, and what
//! [`Whole`](crate::wire::Whole) says of the others.

mod pieces;
mod producer;

pub(crate) use pieces::{Pieces, Taken};
pub(crate) use producer::{cut, cutting};

/// The most that a message in pieces may be set to: half of what a producer holds.
pub(crate) const MOST: usize = 128 * 1024 * 1024;

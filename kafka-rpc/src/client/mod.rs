//! The caller's side of a call.

mod pending;

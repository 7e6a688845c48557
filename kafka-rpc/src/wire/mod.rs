//! The wire contract: what the headers of a record say, both ways.
//!
//! A record's value is the bare message; everything else about a call is in the record's headers.
//! This module turns headers into the head of a request or a reply and back. It is pure: it knows
//! no client, socket, clock or task.
//!
//! Header values are bytes in Kafka. So, unlike in HTTP, binary values (`grpc-status-details-bin`
//! and metadata whose name ends in `-bin`) travel as they are, without base64.

mod chunk;
mod content_type;
mod correlation_id;
mod credit;
mod dead_letter;
mod fault;
mod fields;
mod frame;
mod headers;
mod limits;
mod message;
mod metadata;
pub(crate) mod names;
mod partition;
#[cfg(any(test, fuzzing))]
pub(crate) mod properties;
mod reply;
mod reply_address;
mod request;
pub(crate) mod timeout;
mod topic_name;
mod topics;

pub(crate) use chunk::{Part, Whole, mark_piece, mark_whole, part_of, sender_of};
pub(crate) use content_type::ContentType;
pub(crate) use correlation_id::CorrelationId;
pub(crate) use credit::{Credit, INITIAL_CREDIT};
pub use dead_letter::LetterCause;
pub(crate) use dead_letter::{
    LetterHead, decode_letter, encode_letter, encode_replay, is_letter, is_of_letter, mark_omitted,
    only_of_letter, replays_of,
};
pub(crate) use frame::{Frame, ReplyFrame};
pub(crate) use headers::Headers;
pub(crate) use limits::HeaderLimits;
pub(crate) use partition::partition_for_key;
pub(crate) use reply::{
    MessageHead, ReplyHead, decode_reply, encode_failure, encode_reply, mark_instance,
};
pub(crate) use reply_address::ReplyAddress;
pub(crate) use request::{RequestHead, decode_request, encode_request, idempotency_key};
pub(crate) use topics::{TopicNames, group_name};

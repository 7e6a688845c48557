//! What the floor's records say about their calls.

use std::io::Write as _;

use rdkafka::message::{BorrowedHeaders, Header, Headers as _, OwnedHeaders};

use super::reply_to;
use crate::setup::{Setup, SystemName};

/// As long as the text of a UUID.
const ID: usize = 36;

const WANTED: &str = "messages";

#[derive(Clone, Copy)]
pub(super) enum Headers {
    /// The call's number in eight bytes, the least that it takes.
    Number,
    /// Those that kafka-rpc's records have by its wire contract, of the same sizes.
    Contract,
}

impl Headers {
    pub(super) fn of(setup: &Setup) -> Self {
        if setup.system == SystemName::Contract {
            Self::Contract
        } else {
            Self::Number
        }
    }

    pub(super) fn request(self, call: usize, topic: &str) -> OwnedHeaders {
        match self {
            Self::Number => number(call),
            Self::Contract => id(5, call)
                .insert(header("kafka_replyTopic", reply_to(topic).as_bytes()))
                .insert(header("kafka_replyPartition", &[0; 4]))
                .insert(header("rpc-method", b"bench.v1.Echo/Say"))
                .insert(header("grpc-timeout", b"30S")),
        }
    }

    pub(super) fn reply(self, call: usize) -> OwnedHeaders {
        match self {
            Self::Number => number(call),
            Self::Contract => id(1, call),
        }
    }

    /// Of a message of a stream, as the contract has them.
    pub(super) fn message(call: usize, number: u64) -> OwnedHeaders {
        id(3, call)
            .insert(header("rpc-frame", b"message"))
            .insert(header("rpc-seq", number.to_string().as_bytes()))
    }

    /// Asks for a stream of so many messages, in place of a call.
    pub(super) fn wanted(messages: u64) -> OwnedHeaders {
        OwnedHeaders::new_with_capacity(1).insert(header(WANTED, &messages.to_be_bytes()))
    }

    /// How many messages of a stream a request asks for, if it does.
    pub(super) fn messages(headers: &BorrowedHeaders) -> Option<u64> {
        let first = headers.try_get(0).filter(|first| first.key == WANTED)?;
        Some(u64::from_be_bytes(first.value?.try_into().ok()?))
    }

    /// Of either: which call the record belongs to.
    pub(super) fn call(self, headers: &BorrowedHeaders) -> Option<usize> {
        let value = headers.try_get(0)?.value?;
        match self {
            Self::Number => value.try_into().ok().map(usize::from_be_bytes),
            Self::Contract => std::str::from_utf8(value).ok()?.parse().ok(),
        }
    }
}

fn header<'a>(key: &'a str, value: &'a [u8]) -> Header<'a, &'a [u8]> {
    Header {
        key,
        value: Some(value),
    }
}

fn number(call: usize) -> OwnedHeaders {
    OwnedHeaders::new_with_capacity(1).insert(header("call", &call.to_be_bytes()))
}

fn id(headers: usize, call: usize) -> OwnedHeaders {
    let mut id = [b'0'; ID];
    // It has room for every number.
    let _ = write!(&mut id[..], "{call:0ID$}");
    OwnedHeaders::new_with_capacity(headers).insert(header("kafka_correlationId", &id))
}

//! The metadata of a commit: which offsets after the committed one are unfinished.
//!
//! A version, then in base64 the steps from the committed offset to the next unfinished one, from
//! there to the one after it, and so on, each as a varint. The last step leads to the first offset
//! of which nothing is known. From there on nothing is finished, so unfinished offsets at the end
//! are left out.

use std::collections::VecDeque;
use std::iter;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Kafka refuses more, unless `offset.metadata.max.bytes` is set.
pub(super) const MAX_METADATA: usize = 4_096;

/// The colon is in no base64, so this is not taken for another program's metadata.
const VERSION: &str = "kr1:";

/// How many bytes of steps fit.
pub(super) const CAPACITY: usize = (MAX_METADATA - VERSION.len()) / 4 * 3;

/// Encodes the `open` offsets, in order, below `next`. What exceeds the capacity is left out as
/// unknown.
pub(super) fn encode(mut open: impl Iterator<Item = i64>, next: i64) -> String {
    let Some(mut last) = open.next() else {
        return String::new();
    };
    let mut steps = Vec::new();
    let mut needed = 0;
    for offset in open.chain(iter::once(next)) {
        let step = offset.abs_diff(last);
        push_varint(&mut steps, step);
        if steps.len() > CAPACITY {
            break;
        }
        if step > 1 {
            needed = steps.len();
        }
        last = offset;
    }
    steps.truncate(needed);
    if steps.is_empty() {
        return String::new();
    }
    let mut metadata = VERSION.to_owned();
    URL_SAFE_NO_PAD.encode_string(steps, &mut metadata);
    metadata
}

/// The open offsets, in order, and the first one of which nothing is known. `None` if `metadata` is not ours.
pub(super) fn decode(committed: i64, metadata: &str) -> Option<(VecDeque<i64>, i64)> {
    if metadata.len() > MAX_METADATA {
        return None;
    }
    let steps = URL_SAFE_NO_PAD
        .decode(metadata.strip_prefix(VERSION)?)
        .ok()?;
    let mut steps = steps.as_slice();
    let mut open = VecDeque::new();
    let mut next = committed;
    while !steps.is_empty() {
        open.push_back(next);
        let step = read_varint(&mut steps).filter(|&step| step > 0)?;
        next = next.checked_add_unsigned(step)?;
    }
    Some((open, next))
}

/// The most bytes that `count` steps can take which together span `span` offsets, also after any of
/// them have been joined. A step takes one byte, and one more for every seven bits; at most `span /
/// 128` steps have more than seven, and so on.
pub(super) fn max_len(count: usize, span: u64) -> usize {
    iter::successors(Some(span), |span| Some(span >> 7))
        .take_while(|&span| span > 0)
        .map(|span| usize::try_from(span).map_or(count, |span| span.min(count)))
        .sum()
}

fn push_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// At most nine bytes, which is what the step between two offsets can take.
fn read_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests;

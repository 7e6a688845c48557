use std::fmt;

use uuid::Uuid;

use crate::call::MetadataValue;

/// The length of a `traceparent` of version 00.
const LENGTH: usize = 55;
/// Whether the caller may have recorded its span.
const SAMPLED: u8 = 0b01;
/// Whether the trace's id is random. Only these two flags have a meaning; the rest are not passed on.
const RANDOM: u8 = 0b10;

/// A place in a trace, as W3C's Trace Context has it, and the lists that travel along.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct TraceContext {
    pub(crate) trace_id: [u8; 16],
    pub(crate) span_id: [u8; 8],
    pub(crate) flags: u8,
    /// The header `tracestate`, unread.
    pub(crate) tracestate: Option<MetadataValue>,
    /// The header `baggage`, unread.
    pub(crate) baggage: Option<MetadataValue>,
}

impl TraceContext {
    /// A place in a trace without lists. `None` if an id is all zero, which stands for no id.
    pub(crate) fn new(trace_id: [u8; 16], span_id: [u8; 8], flags: u8) -> Option<Self> {
        (trace_id != [0; 16] && span_id != [0; 8]).then_some(Self {
            trace_id,
            span_id,
            flags: flags & (SAMPLED | RANDOM),
            tracestate: None,
            baggage: None,
        })
    }

    /// The start of a new trace, one that is recorded.
    pub(crate) fn root() -> Self {
        Self {
            trace_id: random_bytes(),
            span_id: random_span_id(),
            flags: SAMPLED,
            tracestate: None,
            baggage: None,
        }
    }

    /// Another place in the same trace, below this one.
    pub(crate) fn child(&self) -> Self {
        Self {
            span_id: random_span_id(),
            ..self.clone()
        }
    }

    /// Reads a `traceparent`. One of a later version is read as far as this version goes.
    pub(crate) fn parse(traceparent: &str) -> Option<Self> {
        let (fields, rest) = traceparent.as_bytes().split_at_checked(LENGTH)?;
        let dashes = [2, 35, 52].iter().all(|&place| fields[place] == b'-');
        let [version] = hex(&fields[..2])?;
        let ends = match version {
            0x00 => rest.is_empty(),
            0xff => false,
            _ => matches!(rest, [] | [b'-', ..]),
        };
        if !dashes || !ends {
            return None;
        }
        let [flags] = hex(&fields[53..])?;
        Self::new(hex(&fields[3..35])?, hex(&fields[36..52])?, flags)
    }

    /// The `traceparent` of this place, of version 00.
    pub(crate) fn traceparent(&self) -> MetadataValue {
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
        write_hex(&self.trace_id, &mut text[3..35]);
        write_hex(&self.span_id, &mut text[36..52]);
        write_hex(&[self.flags], &mut text[53..]);
        MetadataValue::from_bytes(&text)
    }
}

impl fmt::Debug for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TraceContext")
            .field("traceparent", &self.traceparent())
            .field("tracestate", &self.tracestate)
            .field("baggage", &self.baggage)
            .finish()
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(super) struct Hex<'a>(pub(super) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Never from a simulation's seed: there are traces only while somebody looks at the logs, and to look must change nothing.
fn random_bytes() -> [u8; 16] {
    Uuid::new_v4().into_bytes()
}

/// Eight random bytes that are not all zero.
fn random_span_id() -> [u8; 8] {
    // Of a version 4 UUID's bytes, those at 6 and 8 are not all random.
    let [a, b, c, d, e, f, _, _, _, _, _, _, _, _, g, h] = random_bytes();
    let id = [a, b, c, d, e, f, g, h];
    if id == [0; 8] { [1; 8] } else { id }
}

fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(bytes)
}

/// Upper-case digits are no digits here: the standard wants them refused.
fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

fn write_hex(bytes: &[u8], text: &mut [u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (byte, pair) in bytes.iter().zip(text.chunks_exact_mut(2)) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 0xf)];
    }
}

#[cfg(test)]
mod tests;

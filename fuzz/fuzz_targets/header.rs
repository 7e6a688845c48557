//! Headers made of a fuzzer's bytes.

use arbitrary::Arbitrary;
use kafka_rpc::fuzzing::NAMES;

/// A header that means something to us about as often as not.
#[derive(Debug, Arbitrary)]
pub enum Header<'a> {
    Known(u8, &'a [u8]),
    Any(&'a str, &'a [u8]),
}

impl<'a> Header<'a> {
    pub fn pair(&self) -> (&'a str, &'a [u8]) {
        match *self {
            Self::Known(index, value) => (NAMES[usize::from(index) % NAMES.len()], value),
            Self::Any(name, value) => (name, value),
        }
    }
}

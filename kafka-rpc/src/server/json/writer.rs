use std::fmt::Display;
use std::io::{self, Write};

use super::bounded::Bounded;

/// How many objects and arrays may be open at a time: as many as `serde_json` reads back.
pub(super) const MAX_DEPTH: usize = 127;

/// Why a message can't be written as JSON.
#[derive(Debug)]
pub(super) enum WriteError {
    /// It would be longer than it may be.
    TooLong,
    /// There is no JSON that means the same: why.
    NoJson(String),
}

/// Writing is limited, and has no other error.
impl From<io::Error> for WriteError {
    fn from(_: io::Error) -> Self {
        Self::TooLong
    }
}

impl From<serde_json::Error> for WriteError {
    fn from(_: serde_json::Error) -> Self {
        Self::TooLong
    }
}

pub(super) type Written = Result<(), WriteError>;

/// JSON under way: its syntax, in a limited length and depth.
pub(super) struct Writer {
    out: Bounded,
    depth: usize,
}

impl Writer {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            out: Bounded::new(limit),
            depth: 0,
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.out.into_bytes()
    }

    /// An object, of what `entries` writes by [`key`](Self::key) and a value each.
    pub(super) fn object(&mut self, entries: impl FnOnce(&mut Self) -> Written) -> Written {
        self.nested(b"{", entries, b"}")
    }

    /// An array, of what `elements` writes by [`separator`](Self::separator) and a value each.
    pub(super) fn array(&mut self, elements: impl FnOnce(&mut Self) -> Written) -> Written {
        self.nested(b"[", elements, b"]")
    }

    fn nested(
        &mut self,
        open: &[u8],
        content: impl FnOnce(&mut Self) -> Written,
        close: &[u8],
    ) -> Written {
        if self.depth == MAX_DEPTH {
            return Err(WriteError::NoJson(format!(
                "it is nested deeper than {MAX_DEPTH} levels"
            )));
        }
        self.depth += 1;
        self.out.write_all(open)?;
        content(self)?;
        self.out.write_all(close)?;
        self.depth -= 1;
        Ok(())
    }

    /// The comma, unless the array or object was just opened.
    pub(super) fn separator(&mut self) -> Written {
        match self.out.last() {
            Some(b'{' | b'[') => Ok(()),
            _ => Ok(self.out.write_all(b",")?),
        }
    }

    pub(super) fn key(&mut self, name: &str) -> Written {
        self.separator()?;
        self.string(name)?;
        Ok(self.out.write_all(b":")?)
    }

    pub(super) fn string(&mut self, text: &str) -> Written {
        Ok(serde_json::to_writer(&mut self.out, text)?)
    }

    /// A string that needs no escapes.
    pub(super) fn quoted(&mut self, text: impl Display) -> Written {
        Ok(write!(self.out, "\"{text}\"")?)
    }

    /// A whole number, `true`, `false` or `null`.
    pub(super) fn literal(&mut self, literal: impl Display) -> Written {
        Ok(write!(self.out, "{literal}")?)
    }

    /// A number in as few digits as tell it from its neighbours.
    pub(super) fn float(&mut self, number: f32) -> Written {
        // The shortest text of the largest one is out of range for who reads it as a double first.
        if number.is_finite() && number.abs() < f32::MAX {
            Ok(serde_json::to_writer(&mut self.out, &number)?)
        } else {
            self.double(number.into())
        }
    }

    /// A number in as few digits as tell it from its neighbours.
    pub(super) fn double(&mut self, number: f64) -> Written {
        if number.is_finite() {
            Ok(serde_json::to_writer(&mut self.out, &number)?)
        } else if number.is_nan() {
            self.quoted("NaN")
        } else if number > 0.0 {
            self.quoted("Infinity")
        } else {
            self.quoted("-Infinity")
        }
    }
}

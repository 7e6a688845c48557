//! Why headers are refused.

use super::limits::OverLimit;

/// What is wrong with the headers of a record, in words for the one who wrote them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// A header that may come once came again.
    #[error("header `{name}` comes more than once")]
    Repeated {
        /// The header's name.
        name: &'static str,
    },
    /// A header's value is not what it has to be.
    #[error("header `{name}` is {value}: {why}")]
    Malformed {
        /// The header's name.
        name: &'static str,
        /// The start of its value, quoted.
        value: String,
        /// What it has to be.
        why: String,
    },
    /// A header is not there that another needs.
    #[error("header `{name}` is missing: {why}")]
    Missing {
        /// The header's name.
        name: &'static str,
        /// What needs it.
        why: &'static str,
    },
    /// There are too many headers, or they are too long.
    #[error("{0}")]
    OverLimit(#[from] OverLimit),
}

impl Fault {
    /// The fault of a header with this value.
    pub(crate) fn malformed(name: &'static str, value: &[u8], why: impl ToString) -> Self {
        Self::Malformed {
            name,
            value: excerpt(value),
            why: why.to_string(),
        }
    }
}

/// The start of a foreign value for a message: in quotes, with escapes, and not long.
pub(crate) fn excerpt(value: &[u8]) -> String {
    const SHOWN: usize = 48;
    match value.get(..SHOWN) {
        Some(start) if value.len() > SHOWN => {
            format!("\"{}…\" ({} bytes)", start.escape_ascii(), value.len())
        }
        _ => format!("\"{}\"", value.escape_ascii()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_value_is_shown_whole_and_escaped() {
        assert_eq!(excerpt(b""), "\"\"");
        assert_eq!(excerpt(b"5 \"days\"\n\xff"), r#""5 \"days\"\n\xff""#);
        assert_eq!(excerpt(&[b'x'; 48]), format!("\"{}\"", "x".repeat(48)));
    }

    #[test]
    fn a_long_value_is_cut() {
        assert_eq!(
            excerpt(&[b'x'; 1000]),
            format!("\"{}…\" (1000 bytes)", "x".repeat(48))
        );
    }

    #[test]
    fn a_fault_says_which_header_and_why() {
        let fault = Fault::malformed("grpc-timeout", b"5days", "a timeout is digits and a unit");
        assert_eq!(
            fault.to_string(),
            "header `grpc-timeout` is \"5days\": a timeout is digits and a unit"
        );
    }
}

//! A header that may come once.

use super::fault::Fault;

/// What was seen so far of a header that may come at most once in a record.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Single<'h> {
    /// Nothing.
    #[default]
    Absent,
    /// One value.
    Once(&'h [u8]),
    /// More than one, so that none can be trusted.
    Repeated,
}

impl<'h> Single<'h> {
    /// Takes note of a value.
    pub(crate) fn put(&mut self, value: &'h [u8]) {
        *self = match self {
            Self::Absent => Self::Once(value),
            Self::Once(_) | Self::Repeated => Self::Repeated,
        };
    }

    /// The value, `None` if the header is absent.
    ///
    /// # Errors
    /// When the header, named by `name`, came more than once, even with the same value.
    pub(crate) fn get(self, name: &'static str) -> Result<Option<&'h [u8]>, Fault> {
        match self {
            Self::Absent => Ok(None),
            Self::Once(value) => Ok(Some(value)),
            Self::Repeated => Err(Fault::Repeated { name }),
        }
    }
}

/// Reads a header that may come once with what knows its form; `None` if it is absent.
///
/// # Errors
/// When it came more than once, or its value does not parse.
pub(super) fn read<'h, T, E: ToString>(
    field: Single<'h>,
    name: &'static str,
    parse: impl FnOnce(&'h [u8]) -> Result<T, E>,
) -> Result<Option<T>, Fault> {
    field
        .get(name)?
        .map(|value| parse(value).map_err(|error| Fault::malformed(name, value, error)))
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_came_once_has_its_value() {
        let mut single = Single::default();
        assert_eq!(single.get("n"), Ok(None));
        single.put(b"v");
        assert_eq!(single.get("n"), Ok(Some(&b"v"[..])));
    }

    #[test]
    fn a_header_that_came_again_has_none() {
        let mut single = Single::default();
        single.put(b"v");
        single.put(b"v");
        assert_eq!(single.get("n"), Err(Fault::Repeated { name: "n" }));
        single.put(b"v");
        assert_eq!(single.get("n"), Err(Fault::Repeated { name: "n" }));
    }
}

//! The headers of a record by their names.

use super::fault::Fault;
use super::headers::Headers;
use super::metadata;
use super::names::{self, Known, Name};
use crate::call::Metadata;

/// The headers of a record, told apart by their names but not read yet.
pub(super) struct Fields<'h> {
    /// By the numbers of their names; empty for those that have not come.
    values: [&'h [u8]; names::ALL.len()],
    came: Set,
    /// They may come once, so they have no value.
    repeated: Set,
    pub(super) metadata: Metadata,
}

/// A bit for each name.
type Set = u32;

const _: () = assert!(names::ALL.len() <= Set::BITS as usize);

const fn one(name: Known) -> Set {
    1 << name as u8
}

/// The headers that say what a record is to its call. Most records have none.
const FRAMING: Set = one(Known::Frame)
    | one(Known::Seq)
    | one(Known::Credit)
    | one(Known::Chunks)
    | one(Known::Resume)
    | one(Known::Instance);

impl<'h> Fields<'h> {
    pub(super) fn collect(headers: &'h Headers, with_metadata: bool) -> Self {
        let mut fields = Self {
            values: [&[]; names::ALL.len()],
            came: 0,
            repeated: 0,
            metadata: Metadata::new(),
        };
        for (name, value) in headers.fields() {
            match name {
                Name::Known(name) => {
                    fields.repeated |= fields.came & one(name);
                    fields.came |= one(name);
                    fields.values[name as usize] = value;
                }
                Name::Other(name) if with_metadata => {
                    metadata::take(&mut fields.metadata, name, value);
                }
                Name::Other(_) => {}
            }
        }
        fields
    }

    /// Whether a header has come, once or more often.
    pub(super) fn has(&self, name: Known) -> bool {
        self.came & one(name) != 0
    }

    /// Whether there is anything that says what the record is to its call.
    pub(super) fn has_framing(&self) -> bool {
        self.came & FRAMING != 0
    }

    /// The value of a header that may come once.
    pub(super) fn get(&self, name: Known) -> Result<Option<&'h [u8]>, Fault> {
        if !self.has(name) {
            return Ok(None);
        }
        if self.repeated & one(name) != 0 {
            return Err(Fault::Repeated { name: name.text() });
        }
        Ok(Some(self.values[name as usize]))
    }

    /// The value of a header that may come once, read.
    pub(super) fn read<T, E: ToString>(
        &self,
        name: Known,
        parse: impl FnOnce(&'h [u8]) -> Result<T, E>,
    ) -> Result<Option<T>, Fault> {
        let Some(value) = self.get(name)? else {
            return Ok(None);
        };
        match parse(value) {
            Ok(read) => Ok(Some(read)),
            Err(error) => Err(Fault::malformed(name.text(), value, error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> Headers {
        values.iter().map(|value| (names::METHOD, value)).collect()
    }

    #[test]
    fn a_header_that_came_once_has_its_value() {
        let headers = headers(&["v"]);
        let fields = Fields::collect(&headers, true);
        assert_eq!(fields.get(Known::Method), Ok(Some(&b"v"[..])));
        assert_eq!(fields.get(Known::Timeout), Ok(None));
        assert!(!fields.has_framing());
    }

    #[test]
    fn a_header_that_came_again_has_none() {
        for times in 2..4 {
            let headers = headers(&vec!["v"; times]);
            let fields = Fields::collect(&headers, true);
            let repeated = Fault::Repeated {
                name: names::METHOD,
            };
            assert_eq!(fields.get(Known::Method), Err(repeated));
            assert!(fields.has(Known::Method));
        }
    }

    #[test]
    fn a_header_that_cannot_be_read_is_named_with_its_value() {
        let headers = headers(&["v"]);
        let fields = Fields::collect(&headers, true);
        let fault = fields
            .read(Known::Method, |_| Err::<(), _>("it is too short"))
            .unwrap_err();
        assert_eq!(
            fault.to_string(),
            "header `rpc-method` is \"v\": it is too short"
        );
    }
}

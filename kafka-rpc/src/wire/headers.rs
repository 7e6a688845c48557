//! The headers of a record.

/// The headers of one record: an ordered list of names and values, in which a name may come more
/// than once.
///
/// Names and values lie end to end in two growing buffers, so a record costs the same few
/// allocations whatever the number of its headers.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Headers {
    names: String,
    values: Vec<u8>,
    ends: Vec<End>,
}

/// Where a header's name and value end in their buffers; they start where those of the header
/// before end.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct End {
    name: usize,
    value: usize,
}

impl Headers {
    /// No headers. Allocates nothing until the first is pushed.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// No headers, with room for `count` of them and for `names` and `values` bytes in all.
    pub(crate) fn with_capacity(count: usize, names: usize, values: usize) -> Self {
        Self {
            names: String::with_capacity(names),
            values: Vec::with_capacity(values),
            ends: Vec::with_capacity(count),
        }
    }

    /// Adds a header at the end. One of the same name that is there already stays.
    pub(crate) fn push(&mut self, name: &str, value: &[u8]) {
        self.names.push_str(name);
        self.values.extend_from_slice(value);
        self.ends.push(End {
            name: self.names.len(),
            value: self.values.len(),
        });
    }

    /// The headers in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> + Clone {
        let starts = std::iter::once(End::default()).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| {
            (
                &self.names[start.name..end.name],
                &self.values[start.value..end.value],
            )
        })
    }

    /// The value of the first header of this name. Names are compared byte by byte, as Kafka does.
    #[cfg(test)]
    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        self.get_all(name).next()
    }

    /// The values of all headers of this name, in their order.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn get_all<'h>(&'h self, name: &str) -> impl Iterator<Item = &'h [u8]> {
        self.iter()
            .filter(move |(other, _)| *other == name)
            .map(|(_, value)| value)
    }

    /// How many headers there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The bytes of all names and values together.
    pub(crate) fn byte_len(&self) -> usize {
        self.names.len() + self.values.len()
    }
}

impl std::fmt::Debug for Headers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map()
            .entries(self.iter().map(|(name, value)| (name, Text(value))))
            .finish()
    }
}

/// Shows bytes as text, with escapes for those that are not printable ASCII.
struct Text<'a>(&'a [u8]);

impl std::fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut headers = Self::new();
        for (name, value) in pairs {
            headers.push(name.as_ref(), value.as_ref());
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn headers_keep_their_order_and_their_repetitions() {
        let headers: Headers = [("a", "1"), ("b", "2"), ("a", "3")].into_iter().collect();
        assert_eq!(headers.get("a"), Some(&b"1"[..]));
        assert_eq!(headers.get_all("a").collect::<Vec<_>>(), [b"1", b"3"]);
        assert_eq!(headers.get("A"), None, "names are case-sensitive");
        assert_eq!((headers.len(), headers.byte_len()), (3, 6));
    }

    #[test]
    fn debug_shows_text_and_escapes_the_rest() {
        let headers: Headers = [("n", &[b'x', 0, 0xff][..])].into_iter().collect();
        assert_eq!(format!("{headers:?}"), r#"{"n": "x\x00\xff"}"#);
    }

    proptest! {
        #[test]
        fn what_was_pushed_is_iterated(pairs: Vec<(String, Vec<u8>)>) {
            let headers: Headers = pairs.iter().map(|(n, v)| (n, v)).collect();
            let read: Vec<_> = headers.iter().map(|(n, v)| (n.to_owned(), v.to_vec())).collect();
            prop_assert_eq!(headers.len(), pairs.len());
            let bytes: usize = pairs.iter().map(|(n, v)| n.len() + v.len()).sum();
            prop_assert_eq!(headers.byte_len(), bytes);
            prop_assert_eq!(read, pairs);
        }
    }
}

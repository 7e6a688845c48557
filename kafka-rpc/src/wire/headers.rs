//! The headers of a record.

use super::names::{self, Name};

/// The headers of one record: an ordered list of names and values, in which a name may come more
/// than once.
///
/// They lie one after the other in one buffer, each as
///
/// - the number of its name, or [`OTHER`] and the name with its length before it,
/// - the value with its length before it,
///
/// so a record costs one allocation whatever the number of its headers, and the names that are on
/// every record cost a byte.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Headers {
    buffer: Vec<u8>,
    count: usize,
    /// Of all names and values together.
    bytes: usize,
}

/// Stands before a name that has no number.
const OTHER: u8 = u8::MAX;

/// How a length is written: big-endian.
type Length = [u8; 4];

impl Headers {
    /// No headers. Allocates nothing until the first is pushed.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// No headers, with room for what most records have.
    pub(crate) fn with_room() -> Self {
        Self {
            buffer: Vec::with_capacity(192),
            ..Self::default()
        }
    }

    /// Takes all headers out, and leaves the room that they had.
    pub(crate) fn clear(&mut self) {
        self.buffer.clear();
        (self.count, self.bytes) = (0, 0);
    }

    /// How many bytes there is room for before it has to allocate.
    pub(crate) fn room(&self) -> usize {
        self.buffer.capacity()
    }

    /// Adds a header at the end. One of the same name that is there already stays.
    pub(crate) fn push(&mut self, name: &str, value: &[u8]) {
        match names::number(name.as_bytes()) {
            Some(number) => self.buffer.push(number),
            None => {
                self.buffer.push(OTHER);
                self.push_bytes(name.as_bytes());
            }
        }
        self.push_bytes(value);
        self.count += 1;
        self.bytes += name.len() + value.len();
    }

    /// As [`push`](Self::push), with a name that may not be UTF-8, as any program can send.
    pub(crate) fn push_lossy(&mut self, name: &[u8], value: &[u8]) {
        match str::from_utf8(name) {
            Ok(name) => self.push(name, value),
            Err(_) => self.push(&String::from_utf8_lossy(name), value),
        }
    }

    fn push_bytes(&mut self, bytes: &[u8]) {
        // Kafka's own lengths are 32 bits wide.
        let length = bytes.len() as u32;
        self.buffer.extend_from_slice(&length.to_be_bytes());
        self.buffer.extend_from_slice(bytes);
    }

    /// The headers in their order.
    pub(crate) fn iter(&self) -> Iter<'_> {
        Iter(&self.buffer)
    }

    /// The headers in their order, for those who tell them apart.
    pub(super) fn fields(&self) -> Fields<'_> {
        Fields(Iter(&self.buffer))
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
        self.count
    }

    /// The bytes of all names and values together.
    pub(crate) fn byte_len(&self) -> usize {
        self.bytes
    }
}

/// What of the buffer is to be read yet.
#[derive(Clone)]
pub(crate) struct Iter<'h>(&'h [u8]);

impl<'h> Iter<'h> {
    fn bytes(&mut self) -> Option<&'h [u8]> {
        let (length, rest) = self.0.split_first_chunk::<{ size_of::<Length>() }>()?;
        let (bytes, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        self.0 = rest;
        Some(bytes)
    }
}

impl<'h> Iterator for Iter<'h> {
    type Item = (&'h str, &'h [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (number, rest) = self.0.split_first()?;
        self.0 = rest;
        let name = match names::ALL.get(usize::from(*number)) {
            Some(name) => name,
            None => str::from_utf8(self.bytes()?).ok()?,
        };
        Some((name, self.bytes()?))
    }
}

/// As [`Iter`], but the names that have numbers are not spelled out.
pub(super) struct Fields<'h>(Iter<'h>);

impl<'h> Iterator for Fields<'h> {
    type Item = (Name<'h>, &'h [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (number, rest) = self.0.0.split_first()?;
        self.0.0 = rest;
        let name = match names::KNOWN.get(usize::from(*number)) {
            Some(known) => Name::Known(*known),
            None => Name::Other(str::from_utf8(self.0.bytes()?).ok()?),
        };
        Some((name, self.0.bytes()?))
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

    #[test]
    fn a_name_that_is_not_utf_8_is_read_as_near_as_can_be() {
        let mut headers = Headers::new();
        headers.push_lossy(b"a\xff", b"1");
        assert_eq!(headers.get("a\u{fffd}"), Some(&b"1"[..]));
    }

    proptest! {
        #[test]
        fn known_names_are_iterated_as_others_are(indices in proptest::collection::vec(0..names::ALL.len(), 0..9)) {
            let pushed: Vec<_> = indices.iter().map(|&index| (names::ALL[index], [index as u8])).collect();
            let headers: Headers = pushed.iter().copied().collect();
            let read: Vec<_> = headers.iter().map(|(name, value)| (name, [value[0]])).collect();
            prop_assert_eq!(&read, &pushed);
            let read: Vec<_> = headers.fields().map(|(name, value)| match name {
                Name::Known(known) => (names::ALL[known as usize], [value[0]]),
                Name::Other(name) => (name, [value[0]]),
            }).collect();
            prop_assert_eq!(read, pushed);
        }

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

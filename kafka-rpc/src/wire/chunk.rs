//! Messages in pieces: what their records say.

use super::correlation_id::CorrelationId;
use super::credit::number;
use super::frame::push_number;
use super::headers::Headers;
use super::names;

/// What the last record of a message in pieces says of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Whole {
    /// How many pieces are in records before it.
    pub(crate) pieces: u64,
    /// Of all pieces together.
    pub(crate) bytes: u64,
    /// CRC-32 (that of ISO-HDLC, Ethernet and zip) of all pieces together.
    pub(crate) checksum: u32,
}

/// What a record is to a message in pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// One of its pieces; the first has number 1.
    Piece(u64),
    /// The last piece, with the headers of the whole.
    Last(Whole),
}

/// The value of `rpc-frame` of a piece.
const CHUNK: &[u8] = b"chunk";

/// The headers of a piece of a record with these headers.
pub(crate) fn mark_piece(headers: &Headers, number: u64) -> Headers {
    let mut piece = Headers::with_room();
    for (name, value) in headers.iter() {
        if matches!(name, names::CORRELATION_ID | names::INSTANCE) {
            piece.push(name, value);
        }
    }
    piece.push(names::FRAME, CHUNK);
    push_number(&mut piece, names::SEQ, number);
    piece
}

/// Makes these the headers of the last piece.
pub(crate) fn mark_whole(headers: &mut Headers, whole: Whole) {
    let Whole {
        pieces,
        bytes,
        checksum,
    } = whole;
    let text = format!("{pieces} {bytes} {checksum:08x}");
    headers.push(names::CHUNKS, text.as_bytes());
}

/// Reads the value of `rpc-chunks`.
pub(crate) fn parse_whole(value: &[u8]) -> Result<Whole, &'static str> {
    let malformed = "it is three numbers: pieces, bytes, and eight hex digits of a checksum";
    let mut words = value.split(|byte| *byte == b' ');
    let mut next = || words.next().ok_or(malformed);
    let (pieces, bytes, checksum) = (next()?, next()?, next()?);
    if checksum.len() != 8 || words.next().is_some() {
        return Err(malformed);
    }
    let checksum = str::from_utf8(checksum).map_err(|_| malformed)?;
    Ok(Whole {
        pieces: number(pieces).ok_or(malformed)?,
        bytes: number(bytes).ok_or(malformed)?,
        checksum: u32::from_str_radix(checksum, 16).map_err(|_| malformed)?,
    })
}

/// Tells apart the instances that answer one call: a number for the one that a record names.
pub(crate) fn sender_of(headers: &Headers) -> u64 {
    let instance = headers.iter().find(|(name, _)| *name == names::INSTANCE);
    // FNV-1a; who chooses its own name to be another's harms only its own caller.
    instance.map_or(0, |(_, value)| {
        value.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
    })
}

/// Which call a record belongs to as a part of a message in pieces, and as which. `None`: the
/// record has a whole message, or is so damaged that it is refused where its headers are read.
pub(crate) fn part_of(headers: &Headers) -> Option<(CorrelationId, Part)> {
    let (mut id, mut is_chunk, mut seq, mut whole) = (None, false, None, None);
    for (name, value) in headers.iter() {
        match name {
            names::CORRELATION_ID => id = CorrelationId::new(value).ok(),
            names::FRAME => is_chunk = value == CHUNK,
            names::SEQ => seq = number(value),
            names::CHUNKS => whole = parse_whole(value).ok(),
            _ => {}
        }
    }
    let part = match (is_chunk, seq, whole) {
        (true, Some(number), _) => Part::Piece(number),
        (false, _, Some(whole)) => Part::Last(whole),
        _ => return None,
    };
    Some((id?, part))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_does_not_tell_of_pieces_is_refused() {
        for text in [
            "",
            "1 2",
            "1 2 3",
            "1 2 0000000g",
            "1 2 00000000 ",
            "a 2 00000000",
        ] {
            assert!(parse_whole(text.as_bytes()).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn parts_are_read_back(pieces in 0..1_u64 << 40, bytes in 0..1_u64 << 40, checksum: u32) {
            let headers: Headers = [("kafka_correlationId", "a"), ("x", "y")].into_iter().collect();
            let id = CorrelationId::new(b"a").unwrap();
            let piece = mark_piece(&headers, pieces);
            prop_assert_eq!(part_of(&piece), Some((id, Part::Piece(pieces))));
            prop_assert_eq!(piece.get("x"), None);
            let whole = Whole { pieces, bytes, checksum };
            let mut last = headers.iter().collect::<Headers>();
            mark_whole(&mut last, whole);
            prop_assert_eq!(part_of(&last), Some((id, Part::Last(whole))));
            prop_assert_eq!(last.get("x"), Some(&b"y"[..]));
            prop_assert_eq!(part_of(&headers), None);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = parse_whole(&bytes);
        }
    }
}

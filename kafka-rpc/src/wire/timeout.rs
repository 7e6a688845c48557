//! The value of `grpc-timeout`: at most eight digits and a unit, as in gRPC.

use std::time::Duration;

/// The most digits that gRPC allows.
const MAX_DIGITS: usize = 8;

/// The first number that has too many digits.
const TOO_LARGE: u128 = 10u128.pow(MAX_DIGITS as u32);

/// The units and their lengths in nanoseconds, the finest first.
const UNITS: [(u8, u128); 6] = [
    (b'n', 1),
    (b'u', 1_000),
    (b'm', 1_000_000),
    (b'S', 1_000_000_000),
    (b'M', 60_000_000_000),
    (b'H', 3_600_000_000_000),
];

/// A value that is not a timeout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a timeout is 1 to 8 digits and a unit (H, M, S, m, u or n), as in \"500m\"")]
pub(crate) struct InvalidTimeout;

/// Reads a timeout.
///
/// # Errors
/// When the value is anything but one to eight digits and one of the units H, M, S, m, u, n.
pub(crate) fn parse(value: &[u8]) -> Result<Duration, InvalidTimeout> {
    let (&unit, digits) = value.split_last().ok_or(InvalidTimeout)?;
    if digits.is_empty() || digits.len() > MAX_DIGITS || !digits.iter().all(u8::is_ascii_digit) {
        return Err(InvalidTimeout);
    }
    let number = digits
        .iter()
        .fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
    match unit {
        b'n' => Ok(Duration::from_nanos(number)),
        b'u' => Ok(Duration::from_micros(number)),
        b'm' => Ok(Duration::from_millis(number)),
        b'S' => Ok(Duration::from_secs(number)),
        b'M' => Ok(Duration::from_secs(number * 60)),
        b'H' => Ok(Duration::from_secs(number * 3600)),
        _ => Err(InvalidTimeout),
    }
}

/// Writes a timeout in the finest unit that it fits, rounded up, so that a deadline is never
/// shortened; where a coarser unit says exactly the same, in that one (`5S`, not `5000000u`).
/// Longer than 99,999,999 hours is written as that.
pub(crate) fn format(timeout: Duration) -> TimeoutText {
    if timeout.is_zero() {
        return TimeoutText::new(0, b'n');
    }
    let nanos = timeout.as_nanos();
    let fits = |unit: u128| nanos.div_ceil(unit) < TOO_LARGE;
    let Some(finest) = UNITS.iter().position(|&(_, unit)| fits(unit)) else {
        return TimeoutText::new(TOO_LARGE as u32 - 1, b'H');
    };
    let rounded = nanos.next_multiple_of(UNITS[finest].1);
    let exact = UNITS[finest..]
        .iter()
        .rev()
        .find(|&&(_, unit)| rounded.is_multiple_of(unit));
    let &(name, unit) = exact.unwrap_or(&UNITS[finest]);
    TimeoutText::new((rounded / unit) as u32, name)
}

/// The text of a timeout, kept in place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimeoutText {
    start: usize,
    bytes: [u8; MAX_DIGITS + 1],
}

impl TimeoutText {
    fn new(mut number: u32, unit: u8) -> Self {
        let mut bytes = [b'0'; MAX_DIGITS + 1];
        bytes[MAX_DIGITS] = unit;
        let mut start = MAX_DIGITS;
        while start > 0 {
            start -= 1;
            bytes[start] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        Self { start, bytes }
    }

    /// The text as it is on the wire.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(timeout: Duration) -> String {
        String::from_utf8(format(timeout).as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn every_unit_is_read() {
        assert_eq!(parse(b"3H"), Ok(Duration::from_secs(3 * 3600)));
        assert_eq!(parse(b"3M"), Ok(Duration::from_secs(180)));
        assert_eq!(parse(b"3S"), Ok(Duration::from_secs(3)));
        assert_eq!(parse(b"3m"), Ok(Duration::from_millis(3)));
        assert_eq!(parse(b"3u"), Ok(Duration::from_micros(3)));
        assert_eq!(parse(b"3n"), Ok(Duration::from_nanos(3)));
        assert_eq!(
            parse(b"99999999H"),
            Ok(Duration::from_secs(99_999_999 * 3600))
        );
        assert_eq!(parse(b"00000000m"), Ok(Duration::ZERO));
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in [
            "",
            "S",
            "5",
            "5s",
            "5h",
            "-5S",
            "+5S",
            " 5S",
            "5S ",
            "1.5S",
            "123456789m",
            "5SS",
            "５S",
        ] {
            assert_eq!(parse(bad.as_bytes()), Err(InvalidTimeout), "{bad:?}");
        }
    }

    #[test]
    fn round_numbers_are_written_as_one_would_by_hand() {
        assert_eq!(text(Duration::from_secs(30)), "30S");
        assert_eq!(text(Duration::from_millis(500)), "500m");
        assert_eq!(text(Duration::from_secs(120)), "2M");
        assert_eq!(text(Duration::from_secs(86_400)), "24H");
        assert_eq!(text(Duration::from_nanos(1)), "1n");
    }

    #[test]
    fn what_does_not_fit_is_rounded_up() {
        assert_eq!(text(Duration::from_nanos(99_999_999)), "99999999n");
        assert_eq!(text(Duration::from_nanos(100_000_001)), "100001u");
        assert_eq!(text(Duration::from_nanos(99_999_999_001)), "100S");
        assert_eq!(text(Duration::from_nanos(29_999_999_999)), "30S");
        assert_eq!(text(Duration::new(99_999_999, 1)), "1666667M");
        assert_eq!(text(Duration::new(99_999_999 * 60, 1)), "1666667H");
    }

    #[test]
    fn the_ends_of_the_scale_are_written() {
        assert_eq!(text(Duration::ZERO), "0n");
        assert_eq!(text(Duration::MAX), "99999999H");
    }

    proptest! {
        #[test]
        fn a_deadline_is_never_shortened(secs in 0..359_999_996_400u64, nanos in 0..1_000_000_000u32) {
            let timeout = Duration::new(secs, nanos);
            let read = parse(format(timeout).as_bytes()).unwrap();
            prop_assert!(read >= timeout, "{timeout:?} became {read:?}");
        }

        #[test]
        fn rounding_adds_less_than_a_hundred_thousandth(nanos: u64, shift in 0..64u32) {
            let timeout = Duration::from_nanos(nanos >> shift);
            let longer = parse(format(timeout).as_bytes()).unwrap() - timeout;
            prop_assert!(
                longer.as_nanos() * 100_000 <= timeout.as_nanos(),
                "{timeout:?} grew by {longer:?}",
            );
        }

        #[test]
        fn what_was_read_is_written_as_the_same(digits in "[0-9]{1,8}", unit in "[HMSmun]") {
            let timeout = parse(format!("{digits}{unit}").as_bytes()).unwrap();
            prop_assert_eq!(parse(format(timeout).as_bytes()), Ok(timeout));
        }

        #[test]
        fn random_bytes_never_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }
    }
}
